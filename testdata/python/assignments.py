"""Assignments with several targets, some of which unpack."""

a = b, *c = d = 1, 2, *"34"
(e, [f, *g]) = *h, i = range(3), [4, 5]
j = k[0], *k[1:3] = [[], *c, *g], 6, 7
l = *c, lambda m=1, *n: (m, *n)
for o in *c, *g:
    p = q, *r = o, *c
