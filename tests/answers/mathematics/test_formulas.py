# ruff: noqa: E501 - answers in rows
"""Formulas with letters, values with names, words behind numbers: class by class, what is one answer and what is not.

Each row is one answer in all its spellings, or different answers, none of which may be another's.
"""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttrl_verl.reward_fns.answers.mathematics import canonical_math

ONE = {
    "letters in a row are a product": [
        [r"\frac{1}{2}LI^2", r"\frac12 L I^{2}", "0.5LI^2", r"\frac{LI^2}{2}"],
        [r"\frac{kQ}{r}", "kQ/r", r"\frac{k Q}{r}", r"V=\frac{kQ}{r}"],
        ["mgh", "m g h", "mg h", "U = mgh"],
        [r"\frac{c}{a}", "e = c/a"],
        ["IR", "I R", "V=IR"],
        ["mc^2", "E=mc^2", "m c^{2}"],
        [r"\sqrt{2gh}", r"\sqrt{2 g h}", "(2gh)^{1/2}"],
        [r"\frac{PV}{RT}", r"\frac{P V}{R T}", "PV/RT"],
        [r"\frac VR", r"\frac{V}{R}", "V/R"],
        ["4abcd", "4 a b c d", r"4a\cdot bcd", "4dcba"],
        [r"x\sin x", "xsinx", r"x \sin(x)"],
        [r"\hbar\omega", r"\hbar \omega"],
        [r"\rho gh", r"\rho g h"],
    ],
    "a slash divides by all the letters behind it": [
        ["e^{-t/RC}", "e^{-t/(RC)}", r"e^{-\frac{t}{RC}}", r"\exp\left(-\frac{t}{RC}\right)"],
        ["v^2/2g", "v^2/(2g)", r"\frac{v^2}{2g}"],
    ],
    "a function's name is no part of the answer": [
        ["s(t)=t^2+1", "t^2+1", "s(t) = 1+t^2"],
        ["a(n)=2n+1", "a_n=2n+1", "2n+1"],
        ["P(3)=10", "10", "f(3)=10", "y(0)=10"],
    ],
    "a sum that is asked for": [
        ["m+n=113", "113", "m + n = 100 + 13 = 113"], ["a+b+c=37", "37"], ["p+q=37", "37"],
        ["100m+n=407", "407", "10a+b=407"],
    ],
    "a subscript of several signs": [
        ["v_{rms}+2", "2+v_{\\text{rms}}"],
        ["E_{kin}", "E_{\\mathrm{kin}}", "E_kin"],
        ["F_{n+2}-1", "F_{n+2} - 1", "-1+F_{n+2}"],
    ],
    "vectors": [[r"\vec{F}=q\vec{v}\times\vec{B}", r"q\vec v\times\vec B", r"q\,\mathbf{v} \times \mathbf{B}"]],
    "what an answer holds for": [
        [r"f(n)=n+1\text{ for all }n", "n+1", "f(n)=n+1 for every integer n", r"f(n)=n+1, \forall n\in\mathbb{Z}"]
    ],
    "what leads to an answer": [[r"\therefore x=5", "∴ x = 5", "5"], ["negative 5", "-5", "minus 5"]],
    "bounds on an absolute value": [
        ["|x|<2", "-2<x<2", "(-2,2)"],
        ["|x-1|>=2", r"x\le-1\text{ or }x\ge3"],
    ],
    "square brackets that only group": [
        [r"v_0[1-e^{-t}]", "v_0(1-e^{-t})"], ["[a+b]^2", "(a+b)^2"], [r"2[3(x+1)-1]", "6x+4"],
    ],
    "what is left out": [[r"x\ne\pm5", r"x\ne5, x\ne-5", r"x\ne-5,5", r"(-\infty,-5)\cup(-5,5)\cup(5,\infty)"]],
    "values that a gap separates": [["x=1 y=2", r"x=1 \quad y=2", "(1,2)"]],
    "units in roman type": [[r"5\,\mathrm{m}\cdot\mathrm{s}^{-1}", "5 m/s", "5"], [r"12\mathrm{~min}", "12 min", "12"]],
    "letters with an accent": [
        [r"\dot{x}=-kx", "-kx"], [r"\overrightarrow{AB}+\overrightarrow{BC}", r"\overrightarrow{BC}+\overrightarrow{AB}"],
        [r"\bar{x}+1", r"1+\overline{x}"],
    ],
    "what is measured": [
        [r"P(X=2)=\frac14", r"P(A\mid B)=0.25", r"\frac14"], [r"\det(A)=5", r"\det A=5", "5"], [r"\Delta E=\frac34E_0", r"\frac34E_0"],
        ["AB:BC=2:3", "2:3"], [r"\nabla f=(2x,2y)", "(2x,2y)"],
    ],
    "of which numbers a parameter is": [[r"x=2k\pi, k\in\mathbb{Z}", r"x=2k\pi\ (k\in\mathbb{Z})", r"2k\pi"]],
    "binomials by letters": [["C_n^2", r"\binom n2"], ["C_5^3", "10"]],
    "a power behind a letter": [["N_0 2^{-t/T}", r"N_0\left(\frac12\right)^{t/T}"]],
    "a quotient of lengths": [[r"\frac{AD}{DB}=\frac23", r"\frac23", r"\frac{v_1}{v_2}=\frac23"]],
    "values that are equal": [["x=y=z=1", "(1,1,1)"]],
    "what a text measures": [[r"\text{Area}(ABC)=6", "6"], [r"|\vec{v}|=5", "5"]],
    "a map": [[r"f:\mathbb{N}\to\mathbb{N}, f(n)=2n", "f(n)=2n", "2n"]],
    "energies below zero": [[r"-\frac{13.6}{n^2}\text{ eV}", r"-\frac{13.6}{n^2} eV"]],
    "ordinals and temperatures": [["7^{th}", "7th"], ["31°C", r"31^\circ\text{C}", "31"]],
    "absolute values in a product": [["|x||x|", "x^2", "|x|^2"], ["|na|m|na|", "a^2mn^2"]],
    "fine powers of e": [["e^{0.0075}", "e^{3/400}"]],
    "an area by its points": [["[ABC]=24", "24"]],
    "an operator": [[r"\frac{d}{dx}(x^2)=2x", "2x"]],
    "polynomials": [
        [r"\binom{n}{2}", r"\frac{n(n-1)}{2}", "C(n,2)"],
        [r"\binom{n}{n-1}", "n"],
        [r"6\binom{n}{3}", "n(n-1)(n-2)"],
        [r"\frac{(n+1)!}{(n-1)!}", "n(n+1)"],
    ],
    "steps": [
        [r"\lfloor n/2 \rfloor", r"\left\lfloor\frac{n}{2}\right\rfloor", r"\left[\frac n2\right]"],
        [r"\lfloor\frac{n+2}{2}\rfloor", r"1+\lfloor n/2 \rfloor"],
        [r"\lceil -n/2\rceil", r"-\lfloor n/2\rfloor"],
        [r"\lfloor\log_2 n\rfloor+1", r"1+\lfloor \log_2(n) \rfloor"],
        [r"\max(a,b)", r"\max(b,a)", r"\max\{a,b\}"],
        [r"\gcd(m,n)", r"\gcd(n,m)"],
        [r"\lfloor 7/2\rfloor", "3"],
        [r"\max(2,\frac{7}{3})", "7/3"],
    ],
    "absolute values": [
        [r"\frac{|a|}{2}", "|a/2|", "0.5|a|"],
        ["|2x-4|", "2|x-2|", "2|2-x|"],
        [r"\sqrt{x^2}", "|x|"],
        [r"\sqrt{(x-1)^2}", "|x-1|", r"\sqrt{x^2-2x+1}"],
        ["|x|^2", "x^2"],
        ["|AB|=5", "5", "|S| = 5"],
    ],
    "values with names": [
        ["n=5, k=2", "(n,k)=(5,2)", "k=2, n=5", r"n=5 \text{ and } k=2"],
        ["x=1, y=2", "(x,y)=(1,2)", "(1,2)", "y=2, x=1"],
        [r"\lambda_1=1,\lambda_2=3", "(1,3)"],
        ["t=1, k=2", "k=2, t=1"],
    ],
    "times and units": [
        ["3:45 PM", "3:45 p.m.", "3:45pm", r"3{:}45\text{ p.m.}"],
        ["10 a.m.", "10:00 AM"],
        ["USD 5", "5 USD", r"\$5", "5 dollars", "5"],
        ["6 different ways", "6 ways", "6"],
        ["1 way", "1"],
        ["5 MeV", r"5\text{ MeV}", r"5\,\mathrm{MeV}"],
        ["10 mL", "10 ml", r"10\text{ milliliters}"],
        [r"1.23 \times 10^{-4} \text{ mol/L}", r"1.23e-4\text{ mol/L}"],
        ["2 dozen", "24"],
        ["2 thirds", "2/3"],
    ],
    "other spellings": [
        ["(1011)_2", "1011_2"],
        [r"\mathbb{R}-\{2\}", r"\mathbb R\setminus\{2\}", r"(-\infty,2)\cup(2,\infty)"],
        [r"m\angle ABC=60", "60", r"\angle ABC=60^\circ"],
        [r"\{1,2,\ldots,10\}", r"1,2,\ldots,10"],
        ["2,2,3", "2, 3, 2"],
        [r"\begin{vmatrix}1&2\\3&4\end{vmatrix}", "-2"],
        [r"\sum_{k=1}^{n}k^{2}", r"\sum_{k=1}^n k^2"],
        ["5。", "5"],
    ],
}  # fmt: skip
APART = {
    "letters are no unit": [
        [r"\frac12CV^2", r"\frac12LI^2", r"\frac12", r"\frac12CV", "CV^2"],
        ["2mg", "2", "2m", "3mg"],
        ["8mL^2", "8", "8mL", "8L^2"],
        ["2st", "2", "2s", "2t"],
        ["2sinx", "2cosx", "2", "sinx"],
        ["2AB", "2BC", "2"],
        ["AB", "BA", "A", "B"],
        ["A B", "B A"],
        [r"e^{hc/\lambda kT}", r"e^{hc/\lambda}"],
    ],
    "steps are functions": [
        [r"\lfloor n/2\rfloor", r"\lfloor n/3\rfloor", "n/2", "0", r"\lceil n/2\rceil", "1"],
        [r"\lceil\frac{2n}{3}\rceil", "1", r"\lceil\frac n3\rceil", r"\frac{2n}3"],
        [r"n-\lfloor\log_2n\rfloor-1", r"n-\lfloor\log_3n\rfloor-1", "n-1", "n"],
        [r"2^{\lfloor n/2\rfloor}", r"3^{\lfloor n/2\rfloor}", "1"],
        [r"\lfloor\sin x\rfloor", "0", r"\lfloor\cos x\rfloor"],
        [r"\max(n,2)", "2", "n", r"\max(n,3)", r"\min(n,2)"],
        [r"\max(\sin x,2)", "2", r"\max(\cos x,2)"],
        [r"\gcd(n,6)", "6", "1", r"\gcd(n,3)"],
        [r"\left[\frac n2\right]", r"\frac n2"],
    ],
    "values are not solved for their function": [
        ["P(2)=5", "5/2", "P(2)=6", "P(5)=2"],
        ["p(10)=100", "10", "1000"],
        ["y(0)=1", "y(0)=2", "y(0)=0"],
        ["F(0)", "0", "F(1)", "F"],
    ],
    "equations": [
        ["x+y=z", "x+y=w", "x+y"],
        ["a^2+b^2=c", "a^2+b^2=d", "a^2+b^2"],
        ["m+n=113", "m-n=113", "m+n=114"],
    ],
    "words behind a number": [
        [r"5\text{ or more}", "5", r"5\text{ or fewer}", r"\text{more than }5"],
        [r"10\%\text{ profit}", r"10\%\text{ loss}", "10"],
        [r"n\text{ is prime}", r"n\text{ is odd}", "n"],
        [r"5\text{ km north}", r"5\text{ km south}", "5"],
        ["3 squared", "3"],
        ["3 heads", "3 tails", "3"],
        ["1 head", "1"],
        [r"3\text{ boys and }4\text{ girls}", r"4\text{ boys and }3\text{ girls}", "3,4"],
    ],
    "vectors, logic, parts": [
        [r"\vec a\cdot\vec b", r"\vec a\times\vec b"],
        [r"p\land q", r"p\lor q"],
        [r"\{x\}", "x", "[x]"],
        ["a_{n+1}", "a_n+1", "a_n"],
        [r"\pi hr^2", r"\pi"],
        ["|x|<2", "|x|>2", "|x|<=2"],
        [r"\nabla\cdot F", r"\nabla\times F"],
        [r"\hat{p}", "p", r"\dot{p}"],
        ["A^TA", "AA^T", "A"],
        ["P^{-1}AP", "A", "PAP^{-1}"],
        ["n-[n/2]", "n/2", "n-[n/3]"],
        ["y'=y", "y''=y", "y"],
        ["f(f(n))=n", "f(n)=n"],
        [r"a>1\text{ and }b>1", r"a>1\text{ or }b>1", "a>1"],
        ["a+b+c=0", "a+b+d=0"],
        ["E(X^2)", "E(X)^2"],
        ["C_1^2", "C_1"],
    ],
    "units by a prefix": [["5 MeV", "5 GeV", "5 keV"], ["5 mm", "5 cm"], ["5 kHz", "5 MHz"], ["5 mg", "5 kg"], ["90'", r"90^\circ"]],
    "lists and names": [
        ["2,2,3", "2,3,3", "2,3", "2,2,3,3"],
        ["n=5, k=2", "n=2, k=5"],
        ["n=5, k=2", "(2,5)"],
        ["t=1, k=2", "(1,2)", "(2,1)"],
    ],
    "what is no arithmetic": [
        ["2024-06-05", "2024-05-06", "2013"],
        ["3-1", "4-2", "2"],
        ["10-12", "12-10", "-2"],
        [r"\frac{dy}{dx}", r"\frac yx", r"\frac{dx}{dy}"],
        [r"\frac{\partial f}{\partial x}", r"\frac{\partial f}{\partial y}", r"\frac fx"],
        [r"\frac{d^2y}{dx^2}", r"\frac{dy}{dx}"],
        [r"\begin{vmatrix}1&2\\3&4\end{vmatrix}", r"\begin{pmatrix}1&2\\3&4\end{pmatrix}"],
        ["3R2", "2R3", "6R", "6"],
    ],
    "absolute values": [[r"\sqrt{x^2}", "x", "-x"], ["|x-1|", "x-1", "|x+1|"], [r"\ln|x|", r"\ln x"]],
}  # fmt: skip


def rows(classes):
    return [pytest.param(row, id=f"{name}: {row[0]}") for name, group in classes.items() for row in group]


@pytest.mark.parametrize("row", rows(ONE))
def test_one_answer_in_all_its_spellings(row):
    texts = {spelling: canonical_math(spelling) for spelling in row}
    assert None not in texts.values()
    assert len(set(texts.values())) == 1, texts


@pytest.mark.parametrize("row", rows(APART))
def test_different_answers(row):
    for left, right in itertools.combinations(row, 2):
        assert canonical_math(left) != canonical_math(right), (left, right)


@pytest.mark.parametrize(
    "spelling", sorted({s for c in (ONE, APART) for rows in c.values() for row in rows for s in row})
)
def test_its_canonical_text_reads_back(spelling):
    canonical = canonical_math(spelling)
    assert canonical_math(canonical) == canonical


LETTERS = st.sampled_from("bcqvwzBGHKRTV")  # no constant, function or unit is spelt with these


@pytest.mark.slow
@settings(deadline=None, max_examples=80)
@given(st.integers(2, 99), st.lists(LETTERS, min_size=2, max_size=3, unique=True), st.randoms())
def test_a_product_is_one_answer_in_any_order_and_spacing(number, letters, random):
    other = random.sample(letters, len(letters))
    product = canonical_math(f"{number}" + r"\cdot ".join(["", *letters]))
    for spelling in ("".join(letters), " ".join(letters), "".join(other), r" \cdot ".join(other)):
        assert canonical_math(f"\\frac{{{number}{spelling}}}{{7}}") == canonical_math(
            f"\\frac{{{number}}}{{7}}{spelling}"
        )
        assert canonical_math(f"{number}({spelling})") == product
    assert canonical_math(f"{number}({''.join(letters[1:])})") != product


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(-9, 9), min_size=2, max_size=5), st.randoms())
def test_a_list_is_told_by_how_often_its_elements_stand_there(numbers, random):
    shuffled = random.sample(numbers, len(numbers))
    assert canonical_math(", ".join(map(str, numbers))) == canonical_math(",".join(map(str, shuffled)))
    more = [*numbers, numbers[0]]
    assert canonical_math(", ".join(map(str, more))) != canonical_math(", ".join(map(str, numbers)))


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 9), st.integers(2, 9), st.integers(-9, 9), st.sampled_from(["floor", "ceil"]))
def test_a_whole_number_comes_out_of_a_step_and_nothing_else(a, b, whole, step):
    inner, outer = f"\\frac{{{a}n}}{{{b}}}", f"\\l{step}"
    one = canonical_math(f"{outer} {inner}{whole:+} \\r{step}")
    assert one == canonical_math(f"{outer} {inner} \\r{step}{whole:+}")
    assert one != canonical_math(f"{inner}{whole:+}") or a % b == 0
    assert one not in {str(number) for number in range(-20, 20)}
