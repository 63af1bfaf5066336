"""Plain numbers: which one counts, and by what they are compared."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttrl_verl.reward_fns.answers import get_answer_type
from ttrl_verl.reward_fns.answers.number.find import canonical_number, extract_number


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3 apples and 4 pears make 7 fruits.", "7"),
        (r"\boxed{1,024} of 2,000", "1,024"),
        (r"\boxed{\frac{3}{4}}", r"\frac{3}{4}"),
        ("pages 3-4", "4"),
        ("it is -4", "-4"),
        ("x=-4", "-4"),
        ("about 1/3 of it", "1/3"),
        ("1.5e3 m", "1.5e3"),
        ("costs $1,234.50.", "1,234.50"),
        (r"\boxed{12", None),
        ("none at all", None),
        ("٣", None),
        ("", None),
    ],
)
def test_extraction(text, expected):
    assert extract_number(text) == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("025", "25"),
        ("142.0", "142"),
        ("1,000", "1000"),
        ("1{,}000", "1000"),
        ("1 000 000", "1000000"),
        ("-.50", "-1/2"),
        ("−5", "-5"),
        ("+5", "5"),
        ("5.", "5"),
        ("6/4", "3/2"),
        (r"\dfrac{6}{4}", "3/2"),
        ("10%", "10"),
        (r"10\%", "10"),
        (r"\$18.90", "189/10"),
        ("90°", "90"),
        (r"90^\circ", "90"),
        ("1e3", "1000"),
        ("-0", "0"),
        ("1/0", None),
        ("1,23", None),
        ("1.2.3", None),
        ("five", "5"),
        ("", None),
        ("1e999999999", None),
        ("9" * 1001, None),
    ],
)
def test_canonical_form(answer, expected):
    assert canonical_number(answer) == expected


@settings(deadline=None, max_examples=100)
@given(st.integers(-(10**12), 10**12))
def test_a_number_in_a_sentence_is_found_and_is_its_value(value):
    answer = get_answer_type("number").answer
    assert answer(f"So it is {value:,}.") == answer(f"\\boxed{{{value}.00}}") == str(value)


@settings(deadline=None, max_examples=100)
@given(st.fractions(max_denominator=10**6))
def test_the_canonical_form_is_stable(value):
    assert canonical_number(str(value)) == str(value)


ANSWER = get_answer_type("number").answer


@pytest.mark.parametrize(
    ("response", "value"),
    [
        ("The answer is 1/2.", "1/2"),
        ("42 (see step 3)", "42"),
        ("There are 42 ways, as shown in equation (3).", "42"),
        ("42 is the answer to question 7.", "42"),
        ("The answer is 42. That's 6 times 7.", "42"),
        ("42 because 6*7 = 42 and 1*42 = 42", "42"),
        ("Answer: 42 m^2", "42"),
        ("42 cm³", "42"),
        ("-$42", "-42"),
        ("$-42.00", "-42"),
        ("minus 42", "-42"),
        ("1½", "3/2"),
        (r"\boxed{1\frac{1}{2}}", "3/2"),
        ("1 1/2 cups", "3/2"),
        ("４２", "42"),
        ("1.5 × 10^3", "1500"),
        (r"\boxed{10^5}", "100000"),
        ("3 million", "3000000"),
        ("1_234", "1234"),
        ("1 234 567", "1234567"),
        ("12:00", "12"),
        ("1:30", "3/2"),
        ("2,5,7", "7"),
        ("from 3 to 7", "7"),
        ("#### 42", "42"),
        ("<answer>42 apples</answer>", "42"),
        ('{"answer": "42"}', "42"),
        (r"\boxed{\sqrt{2}}", None),
        (r"\boxed{2\pi}", None),
        (r"\boxed{5!}", None),
        (r"\boxed{1 \text{ or } 2}", None),
        (r"\boxed{3:4}", None),
        ("9**911", None),
        ("1e300", "1" + "0" * 300),
        ("1e500", None),
        ("It is 15, not 16.", "15"),
        ("Not 16.", None),
        ("It's not 16, it's 15.", "15"),
        ("We count 15 squares in the 4 by 4 picture.", "15"),
        ("Count : 15", "15"),
        ("The answer is 10 or 15.", None),
        ("Between 10 and 15.", None),
        ("The answer is 10 to 15 days.", None),
        ("1,23", None),
        ("x", None),
        ("∞", None),
    ],
)
def test_a_number_stands_for_one_value(response, value):
    assert ANSWER(response) == value


@pytest.mark.parametrize(
    ("response", "value"),
    [
        # Words: fractions behind "and", points, dozens, scales
        ("twenty-three and a half", "47/2"),
        ("minus two and a half", "-5/2"),
        ("It takes one point five hours.", "3/2"),
        ("There are three dozen eggs.", "36"),
        ("Half a million people live there.", "500000"),
        ("three-quarters", "3/4"),
        ("We add 3 and 7.\n\nSo ten are left.", "10"),
        ("I see 4 chairs and 2 tables, which makes six pieces of furniture.", "6"),
        ("4 + 5 is 9.\n\nThis is one way to see it.", "9"),
        # Sums and products of numbers alone
        ("12 × 6", "72"),
        (r"\boxed{10 + 5}", "15"),
        ("(3 + 4) × 2", "14"),
        ("100 - 37", "63"),
        ("10 - 20", None),
        # Scales and decimal commas
        ("$1.5M", "1500000"),
        ("2.4bn", "2400000000"),
        ("5 m", "5"),
        ("4 hundred", "400"),
        ("Der Preis beträgt 3,75 Euro.", "15/4"),
        # A day, a time, a name, a function's argument is no number
        ("57 people attended on March 3, 2021.", "57"),
        ("It arrives at 14:20.", None),
        ("COVID-19", None),
        ("f(3)", None),
        # The same value again
        ("The probability is 0.25, i.e. 25%.", "1/4"),
        ("The answer is 1/2 or 0.5.", "1/2"),
        # Several that nothing gathers
        ("John is 25, and Mary is 30.", None),
        ("x = 1, y = 2", None),
        ("x = ±3", None),
        ("Lakers won 110 to 98.", None),
        ("1) 12\n2) 15\n3) 27", None),
        ("<answer>3, 4</answer>", None),
        ("I can see 15 people: 8 standing and 7 sitting.", "15"),
        # What a number holds for, at the end
        ("So we need 45 more stamps to reach 100.", "45"),
        ("She has 45 left out of 100.", "45"),
        ("12 is the LCM of 4 and 6.", "12"),
        ("Thus, Mary is 30, 5 years older than John.", "30"),
        ("It takes the train 5 hours to travel 300 miles.", "5"),
        ("Altogether 3 and 4 come to make 7.", "7"),
        ("She can buy 7 notebooks at $5 each.", "7"),
        ("The price is $54, including 8% tax.", "54"),
        ("The value for B is 60, which is 20 more than A.", "60"),
        ("The total is 5 + 7, which is 12.", "12"),
        ("We can choose 2 of the 5 books in 10 ways.", "10"),
        ("144 is the square of 12.", "144"),
        ("2x + 1 = 7, hence x equals three.", "3"),
        ("x = 3, so 2x + 1 = 7.", "7"),
        ("I see 4 birds on the left and 3 on the right.", None),
        ("I see 7 birds: 4 on the left and 3 on the right.", "7"),
        ("It has an area of 24 and a perimeter of 20.", None),
        ("It should be 10; 11 would be too many.", "10"),
        ("It's 10, but it could be 11.", None),
        ("There is a 1 in 6 chance.", None),
        ("The clock reads 3:15.", None),
        ("Count: four", "4"),
        # What is stated: the number that it begins with, or what its sentence settles on
        ("Answer: After 5 were eaten, 12 apples are left.", "12"),
        ("Answer: The total cost for the 4 tickets is $48.", "48"),
        ("Answer: Each child gets 12 of the 48 apples.", "12"),
        ("Answer: of all the A5 cars sold per 7", "7"),  # only what it holds for is a number: it raised
        ("Answer: 42, 43", None),
        ("Answer: 42 and 43", None),
        ("Answer: x=42, y=43", None),
        ("Answer: more than 5", None),
        ("Answer: John has 12 apples and Mary has 5.", None),
        ('{"answer": [42, 43]}', None),
        ("答：小明有12个，小红有5个。", None),
        ("Apples: 3\nPears: 4", None),
        ("Apples: 3\nPears: 4\nTotal: 7", "7"),
        ("Add 5 and 7.", None),
        ("You get 12 when you add 5 and 7.", "12"),
        ("5 hundred thousand", "500000"),
        ("one and three quarters", "7/4"),
        ("1.250 Euro", "1250"),
        ("The solutions are 18 and -3.", None),
        ("18 < x", None),
        ("The roots are 18 and -3; since x > 0, x = 18.", "18"),
        ("42; since 6 * 7 is 42", "42"),
        ("I don't know, maybe 18", "18"),
        ("The cake weighs 2 kg 300 g.", None),
        ("1011₂", None),
        ("It is 12.5 percent, or 1/8.", "25/2"),
        # No answer: a question, an equation, a text that was cut off
        ("Is it 42?", None),
        ("3x + 5 = 20", None),
        ("Now 5 × 6 is 30 and 30 + 12 is", None),
        ("Problem 3: 18", "18"),
        # Bounds, ranges and bases; names
        ("5 or more", None),
        ("5 at most", None),
        ("5~6", None),
        ("5%-6%", None),
        ("$5 to $6", None),
        ("just under 5", None),
        ("7 and 8", None),
        ("7 squared", None),
        ("101_2", None),
        ("5'11\"", None),
        ("|-7|", None),
        ("B-52", None),
        ("MP3", None),
        ("USD45", "45"),
        ("Ans-42", "42"),
        ("Answer-42", "42"),
        ("<b>42</b>", "42"),
        ("It's about 42 or so", "42"),
        ("I can't see it clearly but it looks like 7.", "7"),
    ],
)
def test_what_a_number_is_told_by(response, value):
    assert ANSWER(response) == value
