"""Prompt templates: what is sent, in every style and form, and what is refused."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf
from pydantic import TypeAdapter, ValidationError

from selfinstruct.errors import InputError
from selfinstruct.models.structured import settle
from selfinstruct.novelty import NoveltyIndex
from selfinstruct.prompts import (
    ClassificationShot,
    Example,
    InputFirstShot,
    LabelledInput,
    OutputFirstShot,
    ShotPair,
    Shots,
    StageTemplate,
    Templates,
    check_templates,
    render_classification,
    render_instances,
    render_instructions,
)
from selfinstruct.records import CLASSIFICATION, INPUT_FIRST, INSTRUCTIONS, OUTPUT_FIRST, Message

CONF = Path(__file__).resolve().parents[1] / "conf"
PRESETS = ("paper", "chat", "bdd", "alpaca")
STAGES = ("instructions", "classification_only", "classification", "input_first", "output_first")
BLOCKED = re.compile(r"\b(images?|graphs?|pictures?|files?|maps?|draw|plot|go to|video|audio|music)\b", re.IGNORECASE)
SCENARIO = "Implement these steps:\n```gherkin\nScenario: Tea\n  Given 2 cups\n```"


def plain_preset(name: str) -> dict[str, Any]:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        cfg = compose(overrides=[f"+prompts={name}"])
    return dict(OmegaConf.to_container(cfg.prompts, resolve=True))  # type: ignore[arg-type]


def typed(plain: dict[str, Any]) -> Templates:
    return TypeAdapter(Templates).validate_json(json.dumps(plain), strict=True)


@pytest.fixture(scope="module")
def presets() -> dict[str, Templates]:
    return {name: typed(plain_preset(name)) for name in PRESETS}


def stage(template: str, system: str = "") -> StageTemplate:
    return StageTemplate(system, template, ("\n\n",), 10, 0.7, 0.5, 0.0, 2.0)


LOOP = "{% for example in examples %}\n{{ loop.index }}. {{ example.instruction }}\n{% endfor %}\n"
LIST = f"Tasks:\n{LOOP}{{{{ next_number }}}}."


def small(style: str = "completion", compatibility: str = "own", form: str = "instructions") -> Templates:
    return Templates(
        name="small",
        style=style,  # type: ignore[arg-type]
        form=form,  # type: ignore[arg-type]
        compatibility=compatibility,  # type: ignore[arg-type]
        continues_list=True,
        structured="off",
        instructions=stage(LIST, system="You invent tasks."),
        classification_only=None,
        classification=stage(
            "{% for shot in shots %}\n{{ shot.instruction }} {{ shot.answer }}\n{% endfor %}\n{{ instruction }}"
        ),
        input_first=stage(
            "{% for shot in shots %}\nTask: {{ shot.instruction }}\n"
            "{% for pair in shot.pairs %}\n{{ loop.index }}|{{ pair.input }}|{{ pair.output }}\n{% endfor %}\n"
            "{% for answer in shot.answers %}\n={{ answer }}\n{% endfor %}\n{% endfor %}\nTask: {{ instruction }}\n"
        ),
        output_first=stage(
            "{% for shot in shots %}\n{% for example in shot.examples %}\n"
            "{{ example.label }}|{{ example.input }}\n{% endfor %}\n{% endfor %}\n{{ instruction }}"
        ),
        shots=Shots(
            classification=(ClassificationShot("Sort it.", True), ClassificationShot("Sing.", False)),
            input_first=(
                InputFirstShot("Add.", (ShotPair("1 1", "2"), ShotPair("2 2", "4"))),
                InputFirstShot("Sing.", (ShotPair("", "La."),)),
            ),
            output_first=(OutputFirstShot("Sort.", (LabelledInput("spam", "Win!"), LabelledInput("ham", "Hi."))),),
        ),
        schemas=None,
    )


def shown(*instructions: str) -> list[Example]:
    return [Example(instruction, "", "") for instruction in instructions]


def test_items_are_numbered_from_one_and_the_next_number_is_left_open() -> None:
    request = render_instructions(small(), shown("Name a fruit.", "Bake bread."), False)
    assert request.text == "Tasks:\n1. Name a fruit.\n2. Bake bread.\n3."


def test_a_request_carries_the_sampling_of_its_stage() -> None:
    request = render_instructions(small(), shown("Name a fruit."), False)
    assert (request.stage, request.stop, request.max_tokens, request.repeat) == (INSTRUCTIONS, ("\n\n",), 10, 0)
    assert (request.temperature, request.top_p) == (0.7, 0.5)
    assert (request.frequency_penalty, request.presence_penalty) == (0.0, 2.0)


def test_white_space_is_folded_and_a_trailing_colon_removed() -> None:
    request = render_instructions(small(), shown("  Name   a fruit: ", "Ratio 1:2"), False)
    assert request.text == "Tasks:\n1. Name a fruit\n2. Ratio 1:2\n3."


def test_own_prompts_keep_items_of_several_lines_whole() -> None:
    request = render_instructions(small(), shown(SCENARIO), False)
    assert request.text == f"Tasks:\n1. {SCENARIO}\n2."


def test_published_prompts_fold_items_of_several_lines() -> None:
    request = render_instructions(small(compatibility="published"), shown(SCENARIO), False)
    folded = "Implement these steps: ```gherkin Scenario: Tea Given 2 cups ```"
    assert request.text == f"Tasks:\n1. {folded}\n2."


def test_text_of_an_example_is_never_read_as_a_template() -> None:
    request = render_instructions(small(), shown("Explain {{ next_number }} and {% for %}."), False)
    assert request.text == "Tasks:\n1. Explain {{ next_number }} and {% for %}.\n2."


def test_a_chat_template_fills_messages_and_a_completion_template_fills_text() -> None:
    chat = render_instructions(small("chat"), shown("Bake bread."), False)
    assert chat.text == ""
    assert chat.messages == (Message("system", "You invent tasks."), Message("user", "Tasks:\n1. Bake bread.\n2."))
    completion = render_instructions(small("completion"), shown("Bake bread."), False)
    assert completion.messages == () and "You invent tasks." not in completion.text


def test_an_empty_system_text_sends_no_system_message() -> None:
    assert [message.role for message in render_classification(small("chat"), "Sing.").messages] == ["user"]


def test_the_classification_question_shows_answers_as_yes_and_no() -> None:
    request = render_classification(small(), " Name it. ")
    assert (request.stage, request.text) == (CLASSIFICATION, "Sort it. Yes\nSing. No\nName it.")


def test_tasks_without_input_show_their_answer_directly() -> None:
    request = render_instances(small(), "Count.", is_classification=False)
    assert request.stage == INPUT_FIRST
    assert request.text == "Task: Add.\n1|1 1|2\n2|2 2|4\nTask: Sing.\n=La.\nTask: Count.\n"


def test_classification_tasks_are_asked_output_first() -> None:
    request = render_instances(small(), "Sort.", is_classification=True)
    assert (request.stage, request.text) == (OUTPUT_FIRST, "spam|Win!\nham|Hi.\nSort.")


def test_the_tasks_form_marks_a_missing_input(presets: dict[str, Templates]) -> None:
    examples = [Example("Name a fruit:", "", "Kiwi\n"), Example("Add.", "1 1", "2")]
    text = render_instructions(presets["alpaca"], examples, False).messages[1].content
    assert "###\n1. Instruction: Name a fruit\nInput: <noinput>\nOutput: Kiwi\n###\n2. Instruction: Add.\n" in text
    assert "Input: 1 1\nOutput: 2\n###\n" in text and "numbered 3 to 19" in text


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ("{{ exmaples }}", "'exmaples' is undefined"),
        ("{% for example in examples %}", "line 1"),
        ("{{ ().__class__.__bases__ }}", "unsafe"),
        ("{{ next_number + 'x' }}", "unsupported operand"),
    ],
)
def test_a_template_that_cannot_be_rendered_names_key_and_remedy(template: str, says: str) -> None:
    templates = replace(small(), instructions=stage(template))
    with pytest.raises(InputError, match=r"prompts\.instructions\.template.*may use examples, next_number") as caught:
        check_templates(templates)
    assert says in str(caught.value)


def test_a_fault_in_any_stage_is_found_before_anything_is_sent() -> None:
    check_templates(small())
    for name in STAGES:
        with pytest.raises(InputError, match=rf"prompts\.{name}\.template"):
            check_templates(replace(small(), **{name: stage("{{ nothing }}")}))


def test_a_system_text_with_a_fault_is_named_as_such() -> None:
    with pytest.raises(InputError, match=r"prompts\.instructions\.system"):
        check_templates(replace(small("chat"), instructions=stage(LIST, system="{{ nothing }}")))


def test_asking_for_a_stage_that_a_preset_lacks_is_an_input_error(presets: dict[str, Templates]) -> None:
    with pytest.raises(InputError, match=r"prompts\.classification_only: the preset bdd has no such template"):
        render_instructions(presets["bdd"], shown("Bake."), classification_only=True)
    with pytest.raises(InputError, match=r"prompts\.input_first: the preset alpaca"):
        render_instances(presets["alpaca"], "Bake.", is_classification=False)


@pytest.mark.parametrize("name", PRESETS)
def test_every_shipped_preset_composes_and_renders(name: str, presets: dict[str, Templates]) -> None:
    assert presets[name].name == name
    check_templates(presets[name])


@pytest.mark.parametrize("name", PRESETS)
def test_shipped_templates_hold_no_logic_but_loops(name: str) -> None:
    plain = plain_preset(name)
    texts = [plain[key][part] for key in STAGES if plain[key] for part in ("system", "template")]
    tags = {tag for text in texts for tag in re.findall(r"\{%-?\s*(\w+)", text)}
    assert tags <= {"for", "endfor"}
    assert not any("|" in part for text in texts for part in re.findall(r"\{\{(.*?)\}\}", text))


@pytest.mark.parametrize("name", PRESETS)
def test_continues_list_says_whether_the_prompt_ends_with_an_open_number(
    name: str, presets: dict[str, Templates]
) -> None:
    request = render_instructions(presets[name], shown("Bake.", "Sing."), False)
    prompt = request.text or request.messages[-1].content
    assert presets[name].continues_list == prompt.endswith("\n3.")


@pytest.mark.parametrize("name", ("chat", "bdd", "alpaca"))
def test_chat_templates_do_not_stop_at_a_blank_line(name: str, presets: dict[str, Templates]) -> None:
    stages = [getattr(presets[name], key) for key in STAGES]
    assert all("\n\n" not in part.stop and "\n" not in part.stop for part in stages if part)


def test_the_paper_preset_has_the_sampling_values_of_the_paper(presets: dict[str, Templates]) -> None:
    """Wang et al. 2023, section 3 and the code released with it; a top-p of 0 is written as temperature 0, top-p 1."""
    paper = presets["paper"]
    values = {
        key: (part.max_tokens, part.temperature, part.top_p, part.frequency_penalty, part.presence_penalty)
        for key in STAGES
        if (part := getattr(paper, key))
    }
    assert values == {
        "instructions": (1024, 0.7, 0.5, 0, 2),
        "classification_only": (1024, 0.7, 0.5, 0, 2),
        "classification": (3, 0, 1, 0, 0),
        "input_first": (350, 0, 1, 0, 1.5),
        "output_first": (300, 0, 1, 0, 1.5),
    }


def test_the_alpaca_preset_has_its_published_sampling_values(presets: dict[str, Templates]) -> None:
    part = presets["alpaca"].instructions
    assert (part.max_tokens, part.temperature, part.top_p, part.frequency_penalty) == (3072, 1, 1, 0)
    assert "\n20." in part.stop


@pytest.mark.parametrize(
    ("key", "value", "is_accepted"),
    [
        ("temperature", 2, True),
        ("temperature", 2.01, False),
        ("top_p", 0.01, True),
        ("top_p", 0, False),
        ("top_p", 1.01, False),
        ("presence_penalty", -2, True),
        ("presence_penalty", -2.01, False),
        ("max_tokens", 1, True),
        ("max_tokens", 0, False),
        ("stopp", [], False),
    ],
)
def test_values_out_of_range_and_unknown_keys_are_refused(key: str, value: Any, is_accepted: bool) -> None:
    plain = plain_preset("chat")
    plain["instructions"][key] = value
    if is_accepted:
        typed(plain)
    else:
        with pytest.raises(ValidationError, match=key):
            typed(plain)


def shot_instructions(shots: Shots) -> list[str]:
    groups = (shots.classification, shots.input_first, shots.output_first)
    return [shot.instruction for group in groups for shot in group]


def test_the_general_shots_have_the_papers_counts(presets: dict[str, Templates]) -> None:
    answers = [shot.answer for shot in presets["paper"].shots.classification]
    assert (answers.count("Yes"), answers.count("No")) == (12, 19)
    assert presets["chat"].shots == presets["paper"].shots


@pytest.mark.parametrize("name", ("paper", "bdd"))
def test_shots_pass_the_filters_and_differ_from_each_other(name: str, presets: dict[str, Templates]) -> None:
    index = NoveltyIndex()
    for instruction in shot_instructions(presets[name].shots):
        assert len(instruction.split()) > 3 and not BLOCKED.search(instruction)
        assert instruction[0].isascii() and instruction[0].isalnum()
        assert not index.is_above(instruction, 0.7), instruction
        index.add(instruction)


@pytest.mark.shared
def test_no_shot_is_a_published_seed_task(presets: dict[str, Templates], shared_data: Path) -> None:
    index = NoveltyIndex()
    for path in sorted(shared_data.glob("*/*seed_tasks.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            index.add(json.loads(line)["instruction"])
    assert len(index) >= 175
    for name in ("paper", "bdd"):
        for instruction in shot_instructions(presets[name].shots):
            assert index.describe(instruction).max_score < 0.7, instruction


def test_python_in_the_shots_of_the_domain_study_matches_every_step(presets: dict[str, Templates]) -> None:
    checked = 0
    for shot in presets["bdd"].shots.input_first:
        for step in re.findall(r"^  (?:Given|When|Then|And) (.*)$", shot.instruction, re.MULTILINE):
            code = shot.examples[0].output
            compile(code, shot.instruction, "exec")
            patterns = [match[2] for match in re.finditer(r"@\w+\((['\"])(.*)\1\)", code)]
            found = [p for p in patterns if re.fullmatch(re.sub(r"\\\{.*?\\\}", ".+", re.escape(p)), step)]
            assert len(found) == 1, step
            checked += 1
    assert checked == 7


# Answers bound to JSON schemas


def settled(name: str) -> Templates:
    """A preset as it is sent with schemas."""
    return settle(replace(typed(plain_preset(name)), structured="always"), "openai/any")


@pytest.mark.parametrize("name", ("chat", "bdd", "alpaca"))
def test_every_chat_preset_can_be_sent_with_schemas(name: str) -> None:
    templates = settled(name)
    check_templates(templates)
    assert templates.structured == "always" and templates.schemas is None and not templates.continues_list


@pytest.mark.parametrize("name", ("chat", "bdd", "alpaca"))
def test_with_schemas_sampling_stays_and_nothing_stops_an_answer(name: str, presets: dict[str, Templates]) -> None:
    for key in STAGES:
        text, bound = getattr(presets[name], key), getattr(settled(name), key)
        assert (text is None) == (bound is None)
        if text:
            assert replace(bound, system=text.system, template=text.template, stop=text.stop) == text
            assert bound.stop == ()


@pytest.mark.parametrize("name", ("chat", "bdd", "alpaca"))
def test_each_prompt_with_a_schema_names_the_fields_of_that_schema(name: str) -> None:
    templates = settled(name)
    requests = [render_instructions(templates, shown("Bake.", "Sing."), False)]
    if name == "chat":
        requests.append(render_instructions(templates, shown("Bake.", "Sing."), True))
    if name != "alpaca":
        requests.append(render_classification(templates, "Bake."))
        requests += [render_instances(templates, "Bake.", is_classification) for is_classification in (False, True)]
    for request in requests:
        system = request.messages[0].content
        assert "JSON" in system
        for field in fields_of(json.loads(request.schema)):
            assert f'"{field}"' in system, request.stage


def fields_of(schema: dict[str, Any]) -> list[str]:
    inner = [schema["items"]] if "items" in schema else list(schema.get("properties", {}).values())
    return [*schema.get("properties", {}), *(name for part in inner for name in fields_of(part))]


@pytest.mark.parametrize("name", ("chat", "bdd", "alpaca"))
def test_texts_for_schemas_hold_no_logic_but_loops(name: str) -> None:
    plain = plain_preset(name)["schemas"]
    texts = [plain[key][part] for key in STAGES if plain[key] for part in ("system", "template")]
    tags = {tag for text in texts for tag in re.findall(r"\{%-?\s*(\w+)", text)}
    assert tags <= {"for", "endfor"}
    assert not any("|" in part for text in texts for part in re.findall(r"\{\{(.*?)\}\}", text))


def test_plain_text_requests_carry_no_schema(presets: dict[str, Templates]) -> None:
    assert render_instructions(presets["chat"], shown("Bake."), False).schema == ""
    assert render_classification(presets["chat"], "Bake.").schema == ""


@pytest.mark.parametrize("name", PRESETS)
def test_shipped_presets_ask_for_plain_text(name: str, presets: dict[str, Templates]) -> None:
    assert presets[name].structured == "off"
