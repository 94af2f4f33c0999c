"""Line ends of every kind, and a form feed."""
if True:
    text = """a
b"""
    other = "x\
y"last = (1,2)
def after(): return 1
x = 1 \
  + 2
