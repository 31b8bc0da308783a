#!/usr/bin/env python3
"""Training steps of six networks in PyTorch, the same as those of `lacuna-bench nn`.

    torch_steps.py [--seconds S] [--windows N] [--threads N] [--clock wall|cpu] [NAME ...]

Prints a line a network: name, steps per second of the median and of the best window, rows a step.
Sizes, batches, losses, optimizer and random draws are those of bench_nn.c. Needs PyTorch only.
"""
import argparse
import time

import torch
import torch.nn.functional as F
from torch import nn


def chain(*widths, last=None):
    """Linear layers with ReLU between them."""
    layers = []
    for k in range(len(widths) - 1):
        layers += [nn.Linear(widths[k], widths[k + 1]), nn.ReLU()]
    layers.pop()
    return nn.Sequential(*layers, *([last] if last is not None else []))


def adam(*modules, rate=1e-3):
    return torch.optim.Adam([p for m in modules for p in m.parameters()], rate)


def update(optimizer, loss):
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def tab_ae():
    """16-128-128-16, mean squared error"""
    x, net = torch.rand(256, 16), chain(16, 128, 128, 16)
    optimizer = adam(net)
    return 256, lambda: update(optimizer, F.mse_loss(net(x), x))


def tab_flow():
    """six affine couplings, each of two networks 16-128-128-16"""
    x = torch.rand(256, 16)
    even = torch.arange(16) % 2
    masks = [(even if k % 2 == 0 else 1 - even).float() for k in range(6)]
    scales = nn.ModuleList(chain(16, 128, 128, 16, last=nn.Tanh()) for _ in masks)
    shifts = nn.ModuleList(chain(16, 128, 128, 16) for _ in masks)
    optimizer = adam(scales, shifts, rate=1e-4)

    def step():
        z, log_det = x, 0.0
        for mask, scale, shift in zip(masks, scales, shifts):
            kept, other = z * mask, 1 - mask
            a = scale(kept) * other
            z = kept + other * (z * torch.exp(a) + shift(kept))
            log_det = log_det + a.sum(1)
        update(optimizer, (0.5 * (z ** 2).sum(1) - log_det).mean())

    return 256, step


def tab_gan():
    """GAIN on 57 columns: a step of the critic and one of the generator"""
    rows, p = 128, 57
    generator, critic = (chain(2 * p, p, p, p, last=nn.Sigmoid()) for _ in range(2))
    teach_generator, teach_critic = adam(generator), adam(critic)
    x, m = torch.rand(rows, p), (torch.rand(rows, p) > 0.2).float()
    hint = torch.where(torch.rand(rows, p) < 0.9, m, torch.full_like(m, 0.5))

    def step():
        seen = torch.cat([m * x + (1 - m) * 0.01 * torch.rand(rows, p), m], 1)
        with torch.no_grad():
            filled = m * x + (1 - m) * generator(seen)
        q = critic(torch.cat([filled, hint], 1))
        update(teach_critic,
               -(m * torch.log(q + 1e-8) + (1 - m) * torch.log(1 - q + 1e-8)).mean())
        g = generator(seen)
        q = critic(torch.cat([m * x + (1 - m) * g, hint], 1))
        fit = 100 * ((m * x - m * g) ** 2).mean() / m.mean()
        update(teach_generator, fit - ((1 - m) * torch.log(q + 1e-8)).mean())

    return rows, step


def img_vae():
    """784-512-256-(2 x 50)-256-512-784, one sample"""
    x = torch.rand(128, 784)
    encoder, decoder = chain(784, 512, 256, 100), chain(50, 256, 512, 784)
    optimizer = adam(encoder, decoder)

    def step():
        mu, lv = encoder(x).chunk(2, 1)
        z = mu + torch.exp(0.5 * lv) * torch.randn_like(mu)
        fit = F.binary_cross_entropy_with_logits(decoder(z), x, reduction="none").sum(1)
        kl = 0.5 * (mu ** 2 + lv.exp() - lv - 1).sum(1)
        update(optimizer, (fit + kl).mean())

    return 128, step


def img_iwae():
    """784-200-200-(2 x 50), decoder 50-200-200-784, 20 importance samples"""
    rows, samples = 64, 20
    x = (torch.rand(rows, 784) > 0.5).float()
    o = (torch.rand(rows, 784) > 0.5).float()
    encoder, decoder = chain(784, 200, 200, 100), chain(50, 200, 200, 784)
    optimizer = adam(encoder, decoder)

    def step():
        mu, lv = encoder(x * o).chunk(2, 1)
        eps = torch.randn(samples, rows, 50)
        z = mu + torch.exp(0.5 * lv) * eps
        logits = decoder(z.reshape(-1, 50)).reshape(samples, rows, 784)
        terms = F.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="none")
        w = -(terms * o).sum(2) - 0.5 * (z ** 2).sum(2) + 0.5 * (eps ** 2).sum(2) + 0.5 * lv.sum(1)
        update(optimizer, -torch.logsumexp(w, 0).mean())

    return rows, step


def img_cnn():
    """four convolutions with ReLU and batch norm, two linear layers"""
    layers = []
    for channels, filters, stride in ((1, 32, 1), (32, 64, 2), (64, 64, 1), (64, 64, 1)):
        layers += [nn.Conv2d(channels, filters, 3, stride=stride, padding=1), nn.ReLU(),
                   nn.BatchNorm2d(filters)]
    net = nn.Sequential(*layers, nn.Flatten(), chain(64 * 14 * 14, 20, 10))
    optimizer = adam(net)
    x, labels = torch.rand(64, 1, 28, 28), torch.randint(0, 10, (64,))
    return 64, lambda: update(optimizer, F.cross_entropy(net(x), labels))


NETWORKS = {f.__name__.replace("_", "-"): f
            for f in (tab_ae, tab_flow, tab_gan, img_vae, img_iwae, img_cnn)}


def steps_per_second(step, seconds, clock):
    steps, begin = 0, clock()
    while clock() - begin < seconds:
        step()
        steps += 1
    return steps / (clock() - begin)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=0.2, help="of a window")
    parser.add_argument("--windows", type=int, default=7)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--clock", choices=["wall", "cpu"], default="wall")
    parser.add_argument("names", nargs="*", metavar="NAME")
    args = parser.parse_args()
    if args.threads > 0:
        torch.set_num_threads(args.threads)
    clock = time.perf_counter if args.clock == "wall" else time.process_time
    torch.manual_seed(0)
    for name in args.names or NETWORKS:
        rows, step = NETWORKS[name]()
        for _ in range(3):
            step()
        rates = sorted(steps_per_second(step, args.seconds, clock) for _ in range(args.windows))
        print(f"{name} {rates[len(rates) // 2]:.2f} {rates[-1]:.2f} {rows}", flush=True)


if __name__ == "__main__":
    main()
