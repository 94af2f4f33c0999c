// Runs dump_ast.py under the CPython that pyodide carries: `node dump_ast.mjs DIRECTORY_OF_PYODIDE`.
// Entries on standard input are paths of this machine; `zip:stdlib` stands for the library of pyodide itself.
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

let asked = "";
for await (const part of process.stdin.setEncoding("utf8")) asked += part;

const packageDirectory = process.argv[2];
const { loadPyodide } = await import(pathToFileURL(path.join(packageDirectory, "pyodide.mjs")));
const python = await loadPyodide({ indexURL: packageDirectory });

// The machine's files stand below /host, so that they cannot hide the library.
python.FS.mkdir("/host");
python.FS.mount(python.FS.filesystems.NODEFS, { root: "/" }, "/host");

const entries = asked
  .split("\n")
  .filter((entry) => entry !== "")
  .map((entry) => (entry === "zip:stdlib" ? "zip:/lib/python314.zip" : "/host" + entry));

function writeAll(bytes) {
  let written = 0;
  while (written < bytes.length) {
    try {
      written += fs.writeSync(1, bytes, written);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
  }
  return bytes.length;
}

const input = new TextEncoder().encode(entries.join("\n"));
let taken = 0;
python.setStdin({
  read(buffer) {
    const part = input.subarray(taken, taken + buffer.length);
    buffer.set(part);
    taken += part.length;
    return part.length;
  },
});
python.setStdout({ write: writeAll });
const script = fs.readFileSync(fileURLToPath(new URL("dump_ast.py", import.meta.url)), "utf8");
python.runPython(script, { globals: python.toPy({ __name__: "__main__" }) });
