// One item on the page: its texts, and under or beside them the questions with their buttons. Knows nothing of saving.

import { element, section, visible } from "./texts.js";

const WORDS = { true: "Yes", false: "No" };

// The places at which an answer can stand, in the order in which they are asked: {answer: number or null, question}.
export function places(form, answers) {
  const about = (what) => form.questions.filter((question) => question.about === what);
  const found = [];
  for (let answer = 0; answer < answers; answer++) {
    for (const question of about("answer")) found.push({ answer, question });
  }
  for (const question of about("item")) found.push({ answer: null, question });
  return found;
}

export function valueAt(entry, place) {
  const values = place.answer === null ? entry.about_item : entry.about_answers[place.answer];
  return values[place.question.name];
}

export function withValue(entry, place, value) {
  const changed = structuredClone(entry);
  const values = place.answer === null ? changed.about_item : changed.about_answers[place.answer];
  if (value === undefined || value === "") delete values[place.question.name];
  else values[place.question.name] = value;
  changed.is_skipped = false;
  return changed;
}

// What the raters said about a place, where their disagreements are being settled.
function opinionOf(item, place) {
  return item.opinions?.find((one) => one.answer === place.answer && one.question === place.question.name);
}

// The places that this rater answers: all of them, or those that are disputed and those for words.
export function askedPlaces(form, item) {
  return places(form, item.answers.length).filter((place) => {
    const opinion = opinionOf(item, place);
    return !opinion || opinion.is_disputed || place.question.kind === "text";
  });
}

export function isMissing(item, entry, place) {
  const opinion = opinionOf(item, place);
  const isNeeded = opinion ? opinion.is_disputed : place.question.required;
  return isNeeded && valueAt(entry, place) === undefined;
}

function choicesOf(study, question) {
  if (question.kind === "yes_no") {
    return [
      { value: true, word: "Yes", key: "y" },
      { value: false, word: "No", key: "n" },
    ];
  }
  return study.grades.map(({ name, meaning }, place) => ({
    value: name,
    word: name,
    meaning,
    key: gradeKey(study.grades, place),
  }));
}

// A grade of one digit is typed as that digit, one of a letter as that letter, unless the page uses it. Where no grade is a
// digit, each of the first nine is typed as its number, too.
function gradeKey(grades, place) {
  const name = grades[place].name.toLowerCase();
  if (/^[0-9]$/.test(name) || (/^[a-z]$/.test(name) && !"ynusme".includes(name))) return name;
  return place < 9 && areNumbered(grades) ? String(place + 1) : undefined;
}

function areNumbered(grades) {
  return !grades.some((grade) => /^[0-9]$/.test(grade.name));
}

export function choiceFor(study, question, key) {
  if (question.kind === "text") return undefined;
  const choices = choicesOf(study, question);
  const isNumber = question.kind === "grade" && /^[1-9]$/.test(key) && areNumbered(study.grades);
  return choices.find((choice) => choice.key === key) ?? (isNumber ? choices[Number(key) - 1] : undefined);
}

function saidWord(value) {
  return value === null ? "no answer" : WORDS[value] ?? String(value);
}

// on: {answer(place, value), focus(place), note(text)}
export function draw(study, item, entry, on) {
  const { form } = study;
  const several = item.answers.length > 1;
  const root = element("article", { class: several ? "item several" : "item single" });
  const task = element("div", { class: "task" });
  if (form.unit === "instance") {
    task.append(section("Instruction", item.instruction, "instruction", "No instruction"));
    task.append(section("Input", item.input, "input", "This task has no input."));
  }
  if (item.reference) task.append(section("Reference answer", item.reference, "reference", ""));
  const answers = element("div", { class: "answers", "data-count": item.answers.length });
  const aside = element("div", { class: "questions" });
  const controls = [];
  item.answers.forEach((text, number) => {
    const title = several ? `${form.answer_label} ${number + 1}` : form.answer_label;
    const card = several ? element("section", { class: "answer", "aria-label": title }) : task;
    card.append(section(title, text, "output", "This answer is empty."));
    const asked = places(form, item.answers.length).filter((place) => place.answer === number);
    for (const place of asked) (several ? card : aside).append(question(study, item, entry, place, on, controls));
    if (several) answers.append(card);
  });
  const whole = places(form, item.answers.length).filter((place) => place.answer === null);
  for (const place of whole) aside.append(question(study, item, entry, place, on, controls));
  if (several && study.grades.length && form.questions.some((one) => one.kind === "grade")) {
    task.append(meanings(study));
  }
  aside.append(note(item, entry, on));
  root.append(task, ...(several ? [answers] : []), aside);
  return { root, controls };
}

function meanings(study) {
  const list = element("dl", { class: "grades explanation" });
  for (const { name, meaning } of study.grades) list.append(element("dt", {}, name), element("dd", {}, meaning));
  return list;
}

function question(study, item, entry, place, on, controls) {
  const { question } = place;
  const opinion = opinionOf(item, place);
  const id = `q${place.answer ?? "item"}-${study.form.questions.indexOf(question)}`;
  const isAsked = !opinion || opinion.is_disputed || question.kind === "text";
  const block = element("div", { class: `question ${isAsked ? "" : "agreed"}`, role: "group", "aria-labelledby": id });
  const optional = question.required || opinion ? "" : element("span", { class: "faint" }, " (optional)");
  block.append(element("h3", { id }, question.text, optional));
  if (question.explanation) block.append(element("p", { class: "explanation" }, question.explanation));
  if (opinion) block.append(said(opinion, question.kind));
  if (!isAsked) return block;
  const value = valueAt(entry, place);
  if (question.kind === "text") block.append(textBox(id, value, (text) => on.answer(place, text)));
  else block.append(choices(study, question, value, (chosen) => on.answer(place, chosen)));
  block.addEventListener("focusin", () => on.focus(place));
  controls.push({ place, block });
  return block;
}

function said(opinion, kind) {
  const list = element("p", { class: "said" });
  if (!opinion.is_disputed && kind !== "text") {
    list.append(element("span", { class: "faint" }, "Raters agree: "), element("b", {}, saidWord(opinion.values[0])));
    return list;
  }
  opinion.values.forEach((value, place) => {
    list.append(element("span", { class: "faint" }, `${place ? " · " : ""}Rater ${place + 1}: `));
    list.append(element("b", { dir: "auto" }, visible(saidWord(value))));
  });
  return list;
}

function choices(study, question, value, choose) {
  const row = element("div", { class: `choices ${question.kind}` });
  for (const choice of choicesOf(study, question)) {
    const button = element(
      "button",
      { type: "button", class: "choice", "aria-pressed": String(value === choice.value), title: choice.meaning },
      choice.word,
    );
    if (choice.key && choice.key !== choice.word.toLowerCase()) button.append(" ", element("kbd", {}, choice.key));
    button.dataset.value = String(choice.value);
    const isChosen = () => button.getAttribute("aria-pressed") === "true";
    button.addEventListener("click", () => choose(isChosen() ? undefined : choice.value)); // once more takes it back
    row.append(button);
  }
  return row;
}

// Words are reported while they are typed, a moment after the last key, and at once when the box is left.
function textBox(id, value, told, lines = 1) {
  const box = element("textarea", { rows: lines, maxlength: 10000, "aria-labelledby": id, dir: "auto" });
  box.value = value ?? "";
  let last = box.value;
  let timer;
  const tell = () => {
    clearTimeout(timer);
    if (box.value !== last) told((last = box.value));
  };
  box.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(tell, 400);
  });
  box.addEventListener("blur", tell);
  box.tell = tell;
  return box;
}

function note(item, entry, on) {
  const block = element("div", { class: "question note" }, element("h3", { id: "note-title" }, "Note ", element("kbd", {}, "m")));
  item.notes?.forEach((text, place) => {
    if (text) block.append(element("p", { class: "said", dir: "auto" }, `Rater ${place + 1}: ${visible(text)}`));
  });
  const box = textBox("note-title", entry.note, on.note, 2);
  box.id = "note";
  block.append(box);
  return block;
}
