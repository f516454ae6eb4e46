"""``python -m benchmarks.families [--quick]``: the proofs of the six families on real slices, with their controls.

All six are trained small on the same axial slices of heads, a little turned, moved and scaled at random, and judged on
a patient that they have not seen. What is asked of each family is in the table of `medae/families`' papers: each line
gives the figure, what it must be, the figure of a control where the family's own term is switched off, and whether the
family passes and the control fails. Beside them: a plain autoencoder and principal components of the same slices.
"""

import argparse
import time
from collections.abc import Callable
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor

from benchmarks.family_slices import HELD_OUT, Slices, load
from benchmarks.report import publish
from medae import bundle
from medae.families import contractive, convolutional, denoising, sparse, undercomplete, variational
from medae.networks import DenseAutoEncoder, VariationalAutoEncoder, parameter_count
from tests.families import properties as measure
from tests.families.properties import decibels, fitted, mean_squared_error

SIGMA = 0.1
"""Standard deviation of the variational decoder, in units of the scaled image."""


class Line(NamedTuple):
    """One proof: what was measured, what is asked, the control's figure."""

    family: str
    proof: str
    figure: float
    asked: str
    passed: bool
    control: str = ""
    control_fails: bool | None = None


class Scale(NamedTuple):
    """How much is done: side of the slices in pixels, mm per pixel, slices, share of the steps."""

    side: int
    pixel: float
    count: int
    held_out: int
    effort: float

    def steps(self, full: int) -> int:
        """Give the steps of a training."""
        return max(60, round(full * self.effort))


FULL = Scale(32, 7.5, 6000, 300, 1.0)
QUICK = Scale(32, 7.5, 3000, 200, 0.25)


def _psnr(error: float) -> float:
    return decibels(error, 1.0)


def prove_undercomplete(slices: Slices, scale: Scale) -> list[Line]:
    """Linear: the principal subspace. Non-linear: better than it, and the better the larger the code."""
    train, held_out = slices.train, slices.held_out
    size = 4
    principal = measure.Principal(train, size)
    found: dict[bool, tuple[float, float]] = {}
    for centred in (True, False):
        options = undercomplete.Options(code_size=size, linear=True)
        network = fitted(undercomplete, options, train, 3000, rate=1e-2, batch_size=256, changes={"centred": centred})
        angle = principal.largest_angle(cast(DenseAutoEncoder, network).code_columns())
        found[centred] = angle, mean_squared_error(network, held_out) / principal.mean_squared_error(held_out)
    lines = [
        Line(
            "undercomplete",
            "linear: largest angle to the principal subspace, °",
            found[True][0],
            "< 5",
            found[True][0] < 5,
            f"not centred {found[False][0]:.1f}",
            not found[False][0] < 5,
        ),
        Line(
            "undercomplete",
            "linear: held-out error / PCA's",
            found[True][1],
            "≤ 1.01",
            found[True][1] <= 1.01,
            f"not centred {found[False][1]:.2f}",
            not found[False][1] <= 1.01,
        ),
    ]
    errors, ratios = [], []
    for code in (4, 8, 16):
        options = undercomplete.Options(code_size=code, hidden=(512,))
        network = fitted(undercomplete, options, train, scale.steps(3000), rate=2e-3, batch_size=128)
        errors.append(mean_squared_error(network, held_out))
        ratios.append(errors[-1] / measure.Principal(train, code).mean_squared_error(held_out))
    lines += [
        Line("undercomplete", f"held-out error / PCA's at {code} numbers", ratio, "≤ 0.8", ratio <= 0.8)
        for code, ratio in zip((4, 8, 16), ratios, strict=True)
    ]
    falls = errors[0] > errors[1] > errors[2]
    lines.append(
        Line("undercomplete", "error at 16 numbers / at 4, falling on the way", errors[2] / errors[0], "< 1", falls)
    )
    return lines


def prove_sparse(slices: Slices, scale: Scale) -> list[Line]:
    """Each unit is active as rarely as told, none is dead, the code is far sparser than a plain one."""
    train, held_out = slices.train, slices.held_out

    def codes(**chosen: object) -> Tensor:
        options = sparse.Options.model_validate({"code_size": 96, **chosen})
        network = fitted(
            sparse, options, train, scale.steps(2500) if scale is FULL else 1200, rate=1e-3, batch_size=128
        )
        return cast(DenseAutoEncoder, network).encode(held_out)

    plain = codes(beta=0.0)
    lines = []
    for rho in (0.05, 0.1):
        found = codes(rho=rho)
        active, control = float(found.mean()), float(plain.mean())
        lines.append(
            Line(
                "sparse",
                f"mean activation, ρ {rho:g}",
                active,
                f"{0.8 * rho:g}–{1.2 * rho:g}",
                abs(active - rho) < 0.2 * rho,
                f"β 0: {control:.2f}",
                not abs(control - rho) < 0.2 * rho,
            )
        )
        dead = measure.dead_share(found)
        lines.append(Line("sparse", f"dead units, ρ {rho:g}", dead, "< 0.05", dead < 0.05))
        if rho == 0.05:
            ratio = measure.hoyer_sparsity(found) / measure.hoyer_sparsity(plain)
            lines.append(Line("sparse", "Hoyer sparsity / plain", ratio, "> 3", ratio > 3, "β 0: 1", True))
    return lines


def prove_contractive(slices: Slices, scale: Scale) -> list[Line]:
    """Compare the closed form, its estimate, and what the penalty does to the code, with what they must be."""
    train, held_out = slices.train, slices.held_out
    some = held_out[:32]
    torch.manual_seed(0)
    shallow = DenseAutoEncoder(train.shape[2:], hidden=(), code_size=24, code_act="sigmoid").requires_grad_(False)
    exact = measure.jacobian_norms(shallow, some)
    closed = contractive.closed_form(shallow.encode(some), shallow.encoder.output.weight)
    off = float((closed / exact - 1).abs().max())
    torch.manual_seed(0)
    deep = DenseAutoEncoder(train.shape[2:], hidden=(64,), code_size=24, code_act="sigmoid")
    x = held_out[:64].clone().requires_grad_()
    true = measure.jacobian_norms(deep, x.detach()).mean()
    estimated = float(contractive.estimate(deep.encode(x), x, 64).mean().detach() / true)
    wrong = float(contractive.closed_form(deep.encode(x), deep.encoder.output.weight).mean().detach() / true)
    ratios, errors = [], []
    for contraction in (0.0, 0.3):
        options = contractive.Options(code_size=32, contraction=contraction)
        network = fitted(contractive, options, train, scale.steps(3000), rate=5e-3, batch_size=256)
        ratios.append(measure.contraction_ratio(network, held_out[:100]))
        errors.append(mean_squared_error(network, held_out))
    lost = decibels(errors[0], errors[1])
    return [
        Line("contractive", "closed form against autograd, relative", off, "≤ 1e-5", off <= 1e-5),
        Line(
            "contractive",
            "estimate / exact, two layers",
            estimated,
            "0.95–1.05",
            abs(estimated - 1) < 0.05,
            f"closed form of one layer {wrong:.2f}",
            not abs(wrong - 1) < 0.05,
        ),
        Line(
            "contractive",
            "‖J‖²/var(z): plain / contracted",
            ratios[0] / ratios[1],
            "≥ 3",
            ratios[0] >= 3 * ratios[1],
            "λ 0: 1",
            True,
        ),
        Line("contractive", "cost in dB", lost, "≤ 3", lost <= 3),
    ]


def prove_denoising(slices: Slices, scale: Scale) -> list[Line]:
    """Noise goes, weak noise is not made worse; a net trained clean or at one level shows why both are asked."""
    train, held_out = slices.train, slices.held_out
    options = denoising.Options(in_channels=1, features=(16, 32), blocks=1)

    def trained(corrupt: measure.Corrupt, full: int) -> Any:
        return fitted(denoising, options, train, scale.steps(full), rate=4e-3, batch_size=32, corrupt=corrupt)

    blind = trained(measure.gaussian_noise(0.01, 0.2), 2500)
    clean = trained(measure.gaussian_noise(0.2, 0.2, clean_share=1.0), 400)
    fixed = trained(measure.gaussian_noise(0.1, 0.1, clean_share=0.0), 800)
    gained, control = measure.gain(blind, held_out, 0.1), measure.gain(clean, held_out, 0.1)
    weak, harmed = measure.gain(blind, held_out, 0.01), measure.gain(fixed, held_out, 0.01)
    return [
        Line(
            "denoising",
            "gain at σ 0.1, dB",
            gained,
            "≥ 3",
            gained >= 3,
            f"trained clean {control:.2f}",
            not control >= 3,
        ),
        Line("denoising", "gain over the net trained clean, dB", gained - control, "≥ 2", gained - control >= 2),
        Line(
            "denoising",
            "gain at σ 0.01, the weakest trained on, dB",
            weak,
            "≥ −0.1",
            weak >= -0.1,
            f"trained at σ 0.1 only {harmed:.2f}",
            not harmed >= -0.1,
        ),
    ]


def prove_convolutional(slices: Slices, scale: Scale) -> list[Line]:
    """Shared weights: any size, shifts commute, better than the dense model of the same code."""
    train, held_out = slices.train, slices.held_out
    options = convolutional.Options(features=(16, 32), latent_channels=4, blocks=0)
    network = fitted(convolutional, options, train, scale.steps(3000), rate=4e-3, batch_size=32)
    size = convolutional.encode(network, held_out[:1])[0].numel()
    like = undercomplete.Options(code_size=size, hidden=(512,))
    dense = fitted(undercomplete, like, train, scale.steps(2000), rate=1e-3, batch_size=128)
    ratio = mean_squared_error(network, held_out) / mean_squared_error(dense, held_out)
    wide = torch.nn.functional.interpolate(held_out[:2], (224, 224), mode="bilinear")
    shifted = measure.shift_error(network, wide, network.stride, network.halo)
    control = measure.shift_error(network, wide, 1, network.halo)
    odd = all(network(torch.rand(1, 1, *size)).shape[2:] == size for size in ((41, 77), (7, 101), (64, 64)))
    counts = {
        parameter_count(bundle.build_network(convolutional.network_def(options, (side, side)))) for side in (32, 96)
    }
    return [
        Line("convolutional", f"held-out error / dense model's, {size} numbers each", ratio, "< 1", ratio < 1),
        Line(
            "convolutional",
            f"shift by the stride of {network.stride}, largest difference",
            shifted,
            "< 1e-5",
            shifted < 1e-5,
            f"shift by 1: {control:.1g}",
            not control < 1e-5,
        ),
        Line("convolutional", "odd sizes come back, share", float(odd), "1", odd),
        Line("convolutional", "different parameter counts at 32² and 96²", len(counts), "1", len(counts) == 1),
    ]


def prove_variational(slices: Slices, scale: Scale) -> list[Line]:
    """Show a bound that is one, codes that follow the prior, samples like the data."""
    train, held_out = slices.train, slices.held_out
    nets = {}
    for beta, full in ((0.0, 1000), (1.0, 2000), (4.0, 1000), (200.0, 400)):
        options = variational.Options(latent_size=24, features=(16, 32, 64), beta=beta, sigma=SIGMA)
        network = fitted(variational, options, train, scale.steps(full), rate=3e-3, batch_size=64)
        nets[beta] = cast(VariationalAutoEncoder, network)
    own = nets[1.0]
    mean, log_variance = own.posterior(held_out)
    exact = float(variational.divergence(mean, log_variance).mean())
    ratio = exact / measure.divergence_by_sampling(mean, log_variance, 300)
    bound, tighter = measure.evidence_bounds(own, held_out, SIGMA, 64)
    falls = [measure.mean_divergence(nets[beta], held_out) for beta in (0.0, 1.0, 4.0, 200.0)]
    active, collapsed = measure.active_share(own, held_out), measure.active_share(nets[200.0], held_out)
    noise = measure.nearest_distance(measure.pixel_noise(train, 200), train)
    drawn, control = (measure.nearest_distance(measure.prior_samples(nets[b], 200), train) for b in (1.0, 0.0))
    same = torch.equal(own(held_out), variational.decode(own, variational.encode(own, held_out)))
    return [
        Line("variational", "closed-form KL / Monte Carlo", ratio, "0.99–1.01", abs(ratio - 1) < 0.01),
        Line("variational", "IWAE-64 − ELBO, nats per pixel", tighter - bound, "≥ 0", tighter >= bound),
        Line(
            "variational",
            "KL at β 4 / at β 1 (falls over β 0, 1, 4, 200)",
            falls[2] / falls[1],
            "< 1",
            falls == sorted(falls, reverse=True),
            f"β 0: {falls[0] / falls[1]:.1f}",
            falls[0] > falls[1],
        ),
        Line(
            "variational", "active units", active, "> 0.5", active > 0.5, f"β 200: {collapsed:.2f}", not collapsed > 0.5
        ),
        Line(
            "variational",
            "samples' distance to data / noise's",
            drawn / noise,
            "< 1",
            drawn < noise,
            f"β 0: {control / noise:.2f}",
            not control < noise,
        ),
        Line("variational", "evaluation is decode(μ), share of slices", float(same), "1", same),
    ]


def compare(slices: Slices, scale: Scale) -> list[str]:
    """Held-out reconstruction of the families at about 32 numbers, beside a plain autoencoder and PCA."""
    train, held_out = slices.train, slices.held_out
    steps = scale.steps(3000)
    small = convolutional.Options(features=(16, 32, 64, 64), latent_channels=4, blocks=0)
    plain = undercomplete.Options(code_size=32, hidden=(256,))
    normal = variational.Options(latent_size=32, features=(16, 32, 64), sigma=SIGMA)
    chosen: list[tuple[str, Any, Any, int]] = [
        ("plain autoencoder (undercomplete, 256 hidden)", undercomplete, plain, steps),
        ("sparse, ρ 0.05", sparse, sparse.Options(code_size=96), steps),
        ("contractive, λ 0.3", contractive, contractive.Options(code_size=32, contraction=0.3), steps),
        ("convolutional", convolutional, small, scale.steps(1500)),
        ("variational, β 1", variational, normal, scale.steps(1500)),
    ]
    lines = [
        "",
        "| reconstruction of held-out slices | numbers in the code | PSNR, dB | parameters | seconds |",
        "|---|---|---|---|---|",
    ]
    for title, family, options, count in chosen:
        started = time.perf_counter()
        network = fitted(family, options, train, count, rate=3e-3, batch_size=64)
        seconds = time.perf_counter() - started
        numbers = family.encode(network, held_out[:1]).numel()
        psnr = _psnr(mean_squared_error(network, held_out))
        lines.append(f"| {title} | {numbers} | {psnr:.2f} | {parameter_count_of(network)} | {seconds:.0f} |")
    for size in (32, 36, 96):
        psnr = _psnr(measure.Principal(train, size).mean_squared_error(held_out))
        lines.append(f"| PCA | {size} | {psnr:.2f} | {size * train[0].numel()} | |")
    return lines


def parameter_count_of(network: torch.nn.Module) -> int:
    """All parameters, frozen ones too."""
    return sum(parameter.numel() for parameter in network.parameters())


PROOFS: tuple[Callable[[Slices, Scale], list[Line]], ...] = (
    prove_undercomplete,
    prove_sparse,
    prove_contractive,
    prove_denoising,
    prove_convolutional,
    prove_variational,
)


def main() -> None:
    """Train, measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="two minutes: fewer slices, fewer steps")
    scale = QUICK if parser.parse_args().quick else FULL
    started = time.perf_counter()
    slices = load(scale.side, scale.pixel, scale.count, scale.held_out)
    lines = [
        f"{len(slices.train)} slices of {scale.side}² pixels of {scale.pixel:g} mm from "
        f"{', '.join(patient for patient in slices.patients if patient != HELD_OUT)}; "
        f"judged on {len(slices.held_out)} of {HELD_OUT}.",
        "",
        "| family | proof | figure | asked | passes | control | control fails |",
        "|---|---|---|---|---|---|---|",
    ]
    for prove in PROOFS:
        for line in prove(slices, scale):
            fails = {None: "", True: "yes", False: "**no**"}[line.control_fails]
            passes = "yes" if line.passed else "**no**"
            cells = (line.family, line.proof, f"{line.figure:.3g}", line.asked, passes, line.control, fails)
            lines.append(f"| {' | '.join(cells)} |")
            print(lines[-1], f"({time.perf_counter() - started:.0f} s)", flush=True)
    lines += compare(slices, scale)
    lines += ["", f"The whole run took {time.perf_counter() - started:.0f} s."]
    publish("Six families" + (" (quick)" if scale is QUICK else ""), lines)


if __name__ == "__main__":
    main()
