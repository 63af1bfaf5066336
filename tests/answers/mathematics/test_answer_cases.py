"""Cases that people judged, and ground truths of benchmarks: the shares that must be right, and what may not merge."""

import itertools
import json
from collections import defaultdict
from pathlib import Path

import pytest

from ttrl_verl.reward_fns.answers.mathematics import canonical_math

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"
DATA = Path(__file__).parents[2] / "data"


def strict_pairs(name):
    path = SHARED / "answers" / f"{name}.jsonl"
    if not path.exists():
        pytest.skip(f"{name}.jsonl is not beside this checkout: {path}")
    return [case for case in map(json.loads, path.read_text().splitlines()) if case["kind"] == "strict"]


@pytest.mark.parametrize(
    ("name", "equal", "unequal"),
    [("math_pairs", 0.98, 0.98), ("formula_pairs", 0.95, 0.98)],
)
@pytest.mark.slow
def test_pairs_are_judged_as_people_do(name, equal, unequal):
    right = defaultdict(list)
    for case in strict_pairs(name):
        left, other = canonical_math(case["a"]), canonical_math(case["b"])
        right[case["equal"]].append((left is not None and left == other) == case["equal"])
    assert sum(right[True]) / len(right[True]) >= equal
    assert sum(right[False]) / len(right[False]) >= unequal


@pytest.mark.parametrize("name", ["math_pairs", "formula_pairs"])
@pytest.mark.slow
def test_canonical_texts_of_all_cases_read_back(name):
    for case in strict_pairs(name):
        for answer in (case["a"], case["b"]):
            canonical = canonical_math(answer)
            assert canonical_math(canonical) == canonical, answer


# Ground truths as olympiad and physics benchmarks give them, written for this test. No two are one answer.
DIFFERENT = r"""
    \lceil\frac{n}{2}\rceil+1 ; \lfloor\log_2 n\rfloor+1 ; \lfloor\frac{2n-1}{5}\rfloor ;
    \lfloor\sqrt{n-1}\rfloor ; \lfloor\frac{2n}{3}\rfloor+1 ; \frac{n(n-1)}{2} ; \frac{n^2}{4} ;
    \lfloor\frac{n^2}{4}\rfloor ; 2^{n-1} ; 2^n-1 ; n! ; (n-1)! ; \binom{2n}{n} ; \binom{n}{3} ; n\cdot 2^{n-1} ;
    3^n-2^n ; \frac{mv^2}{2} ; \frac12kx^2 ; \frac12CV^2 ; \frac12LI^2 ; \frac12I\omega^2 ; \frac32kT ;
    \frac{kQ}{r} ; \frac{kQ}{r^2} ; \frac{GMm}{r} ; \frac{GMm}{r^2} ; \sqrt{2gh} ; \sqrt{gR} ; \sqrt{2gR} ;
    \sqrt{\frac{GM}{r}} ; \sqrt{\frac{3RT}{M}} ; 2\pi\sqrt{\frac Lg} ; 2\pi\sqrt{\frac mk} ; 2\pi\sqrt{LC} ;
    \mu mg ; mg\sin\theta ; mg\cos\theta ; mg\tan\theta ; \rho gh ; nRT ; qvB ; BIL ; IR ; I^2R ; \frac{V^2}{R} ;
    \frac{hc}{\lambda} ; \frac{h}{mv} ; mc^2 ; V_0e^{-t/RC} ; V_0(1-e^{-t/RC}) ; I_0e^{-Rt/L} ; N_0e^{-\lambda t} ;
    Ae^{kt} ; Ae^{-kt} ; C_1e^x+C_2e^{-x} ; C_1\cos x+C_2\sin x ; f(x)=x ; f(x)=cx ; f(x)=x+c ; f(x)=x^2 ; f(x)=0 ;
    f(x)=1-x ; x^2+y^2=25 ; x^2-y^2=25 ; y=2x+1 ; x+y=z ; x+y=w ; (-\infty,2) ; (-\infty,2] ; (2,\infty) ;
    [2,\infty) ; (-\infty,2)\cup(2,\infty) ; \mathbb{R} ; \emptyset ; [-2,2] ; (-2,2) ; \{-2,2\} ; (-2,2] ; 2,3 ;
    2,2,3 ; 2,3,3 ; (2,3) ; (3,2) ; [2,3] ; 2,3,5 ; n=5,k=2 ; n=2,k=5 ; 1,2,\ldots,10 ; \text{all primes} ;
    \text{all odd } n ; \text{no such } n ; y ; |x| ; \sqrt{x} ; \ln x ; \ln|x| ; \frac1x ; e^x ; \sin x ; \cos x ;
    \arcsin x ; x! ; 2x ; 2^x ; x^x ; -x ; \sqrt{x^2+1} ; \frac{x}{x+1} ; AB ; BA ; AC ; \triangle ABC ;
    \angle ABC ; \frac{AB}{2} ; \text{June 20} ; 3:45 ; 3:45 PM ; 3:45 AM ; 2024-06-05 ; 3-1 ; 5\text{ or more} ;
    10\%\text{ profit}
"""


def test_different_ground_truths_stay_different():
    answers = [answer.strip() for answer in DIFFERENT.split(" ;")]
    assert len(answers) == len(set(answers)) > 120
    assert merged(answers) == []


def merged(answers):
    return [pair for pair in itertools.combinations(answers, 2) if canonical_math(pair[0]) == canonical_math(pair[1])]


def test_hardly_any_two_ground_truths_of_a_benchmark_are_one_answer():
    rows = json.loads((DATA / "math_like.json").read_text())
    texts = {row["answer"] for row in rows}
    # Of 8,385 pairs two are one number, with a unit and without.
    assert len(texts) == 130
    assert merged(sorted(texts)) == [("10\\%", "\\binom{5}{2}"), ("12 \\text{ ft/s}", "12_{10}")]


@pytest.mark.parametrize("name", ["aime", "amc"])
def test_ground_truths_of_contests_are_told_apart(name):
    path = SHARED / "ttrl" / f"{name}.json"
    if not path.exists():
        pytest.skip(f"{name}.json is not beside this checkout: {path}")
    values = {float(row["answer"]) for row in json.loads(path.read_text())}
    texts = {canonical_math(row["answer"]) for row in json.loads(path.read_text())}
    assert len(texts) == len(values)
