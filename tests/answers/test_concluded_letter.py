"""The letter that a sentence concludes, without the word for answer and with it."""

import pytest

from ttrl_verl.reward_fns.answers import get_answer_type


@pytest.mark.parametrize(
    ("response", "letter"),
    [
        # What one does with an option, and what gives it
        ("Mark (C) on your answer sheet.", "C"),
        ("I lean towards B.", "B"),
        ("I changed my answer from B to D.", "D"),
        ("I'd lean towards B but the data support D, so D", "D"),
        ("The evidence favours D over A.", "D"),
        ("This makes C correct.", "C"),
        ("C is my final answer.", "C"),
        ("The false one is C.", "C"),
        ("All options are wrong except D.", "D"),
        # What opens as a conclusion does and ends in a letter
        ("All things considered, B.", "B"),
        ("Clearly B.", "B"),
        ("Not A, not B, not D: C.", "C"),
        ("Since A, B and D fail, C.", "C"),
        ("B, I guess.", "B"),
        ("C (90% confident)", "C"),
        ("i think b", "B"),
        ("Option C is correct.\n\nThe mitochondria produce ATP.", "C"),
        ("Option A: incorrect. Option B: correct. Option C: incorrect.", "B"),
        ("While A and C are partially true, only D fully explains the result.", "D"),
        ("Option A is incorrect.\nOption B is the correct answer because it fits.\nOption C is incorrect.", "B"),
        ("This rules out A, B and C, leaving only D.", "D"),
        ("All are correct except D.", "D"),
        ("The one that does not belong is D.", "D"),
        ("The statement that is NOT true is D.", "D"),
        ("Since the rate increases, it is as (A) says.", "A"),
        ("A is possible but B is the standard textbook answer.", "B"),
        ("Question 5: B", "B"),
        ("c. 42", "C"),
        ("The ans is B", "B"),
        ("Ans:-(B)", "B"),
        ("B option", "B"),
        ("Therefore, the answer is A) 5, not B) 6.", "A"),
        ("The main idea is A.", "A"),
        ("It's a close call, but B.", "B"),
        ("Is it A? No. Is it B? Yes.", "B"),
        ("B, isn't it?", "B"),
        ("A) False B) False C) True D) False", "C"),
        # Taken back, and conditions
        ("B... no, D.", "D"),
        ("The answer would be C if it moved, but it is at rest, so the answer is D.", "D"),
        ("C would be correct if it were larger.", None),
        # Other languages
        ("Richtig ist C.", "C"),
        ("Por lo tanto, C.", "C"),
        ("Doğru cevap C'dir.", "C"),
        ("C가 정답입니다.", "C"),
        ("正确答案是 A、B、C、D 中的 C。", "C"),
        # Two, or another's choice, or none
        ("B or maybe C", None),
        ("B is correct, but so is C.", None),
        ("Take A and B as two points.", None),
        ("My classmates chose A.", None),
        ("A is true. B is true. C is false. The question asks for the false statement.", None),
        ("B is the trap answer.", None),
        ("I was tempted to pick B.", None),
        ("I doubt it's C.", None),
        ("See option A.", None),
        ("The midpoint is C.", None),
        ("If it's raining, B; otherwise, C.", None),
        ("C is plausible.", None),
        ("The answer is: A) 5 B) 6", None),
        ("A: This is incorrect because", None),
        ("A\nB\nC\nD", None),
        ("1. A\n2. B\n3. C", None),
    ],
)
def test_what_concludes_a_letter(response, letter):
    assert get_answer_type("choice").answer(response) == letter


def test_the_last_letter_of_the_alphabet_has_no_next_one():
    assert get_answer_type("choice", choices=26).answer("The answer is Z because of (Y) 5") == "Z"
