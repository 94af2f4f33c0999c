"""Literals in every spelling."""

integers = [0, 00, 0_0, 1_000, 0xFF, 0Xf_f, 0o17, 0O1_7, 0b10, 0B1_0, 18446744073709551615, 18446744073709551616]
large = [0xFFFFFFFFFFFFFFFFFF, 0o7777777777777777777777777, 123456789012345678901234567890, 0b1]
floats = [0.0, 1., .5, 1e3, 1E-3, 1_0.0_1e1_0, 1e999, 5e-324, 0e0, 00.5, 09.5]
imaginary = [1j, 1.5J, 0j, 1e3j, 1_0j, 09j]
strings = ["", '', """""", 'it''s', "a" 'b' """c""", u"u", U'U' "mixed", "x" u"y", r"\n", R'\'', "\'\"\\\a\b\f\n\r\t\v"]
escapes = ["\0", "\12", "\377", "\x41", "\u00e9", "\U0001F600", "\N{LATIN SMALL LETTER E WITH ACUTE}", "a\
b", "\8", "\d", "é\xe9"]
data = [b"", b'bytes', rb"\n", Rb'\x', bR"\0", b"\x00\xff\n" b"more", b"\
next", b"\400" if False else b"\377"]
others = [None, True, False, ..., ()]
negative = -1 ** -2
ﬁeld = ｘ = 1
print(field, x, ﬁeld.ﬁeld, "ﬁ")
del ﬁeld
