"""Five steps of PyTorch's optimizers down a quadratic, for optimizers_pytorch_test.c.
PyTorch 1.13 (Debian python3-torch): python3 optimizers.py
loss = sum a_k (x_k - c_k)^2 / 2, a = (0.5, 1, 4), c = (1, -2, 0.25), from x = (0.3, 0.1, -0.2)
"""
import torch
torch.set_default_dtype(torch.float32)
A = [0.5, 1.0, 4.0]; C = [1.0, -2.0, 0.25]
def run(make, steps=5):
    x = torch.zeros(3, requires_grad=True); x.data = torch.tensor([0.3, 0.1, -0.2]); opt = make([x])
    for _ in range(steps):
        opt.zero_grad(); a = torch.tensor(A); c = torch.tensor(C)
        (0.5 * a * (x - c) ** 2).sum().backward(); opt.step()
    return [f'{v:.9g}' for v in x.detach().double().tolist()]
o = torch.optim
for name, make in {
  'sgd momentum 0.9': lambda p: o.SGD(p, lr=0.05, momentum=0.9),
  'sgd nesterov decay': lambda p: o.SGD(p, lr=0.05, momentum=0.9, nesterov=True, weight_decay=0.1),
  'adam': lambda p: o.Adam(p, lr=0.05),
  'adam decay': lambda p: o.Adam(p, lr=0.05, weight_decay=0.1, betas=(0.8, 0.95), eps=1e-4),
  'adamw': lambda p: o.AdamW(p, lr=0.05),
  'adamw decay': lambda p: o.AdamW(p, lr=0.05, weight_decay=0.5),
  'adadelta': lambda p: o.Adadelta(p, lr=1.0, rho=0.95, eps=1e-7),
  'adadelta decay': lambda p: o.Adadelta(p, lr=0.5, rho=0.9, eps=1e-3, weight_decay=0.1),
  'adagrad': lambda p: o.Adagrad(p, lr=0.05),
  'adagrad decay': lambda p: o.Adagrad(p, lr=0.05, weight_decay=0.1),
  'rmsprop': lambda p: o.RMSprop(p, lr=0.01),
  'rmsprop centred momentum decay': lambda p: o.RMSprop(p, lr=0.01, alpha=0.9, momentum=0.5, centered=True, weight_decay=0.1),
}.items(): print(name, run(make))
