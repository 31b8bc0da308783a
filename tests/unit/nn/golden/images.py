"""Prints the expected numbers of images_test.c: python3 tests/unit/nn/golden/images.py (PyTorch 1.13)."""
import torch
torch.set_grad_enabled(True)
def v(n, a, b): return ((torch.arange(n, dtype=torch.float64) * a) % b) / b - 0.5
def show(name, t): print(name, [round(float(x), 7) for x in t.detach().flatten()])
x = v(2*2*4*3, 7, 11).reshape(2,2,4,3).requires_grad_()
w = v(3*2*3*3, 5, 13).reshape(3,2,3,3).requires_grad_()
b = v(3, 1, 3).requires_grad_()
y = torch.nn.functional.conv2d(x, w, b, stride=2, padding=1)
show('y', y); (y**2).sum().backward(); show('gb', b.grad); show('gx', x.grad[0,0]); show('gw', w.grad[0,0])
x = v(2*2*4*3, 7, 11).reshape(2,2,4,3).requires_grad_()
g = torch.tensor([0.5, 2.0], dtype=torch.float64, requires_grad=True); be = torch.tensor([0.25, -1.0], dtype=torch.float64, requires_grad=True)
bn = torch.nn.BatchNorm2d(2, dtype=torch.float64); bn.weight.data = g.data; bn.bias.data = be.data
y = bn(x); (y**3).sum().backward()
show('bn y', y[0,0]); show('mean', bn.running_mean); show('var', bn.running_var); show('gg', bn.weight.grad); show('gbeta', bn.bias.grad); show('bn gx', x.grad[0,0])
