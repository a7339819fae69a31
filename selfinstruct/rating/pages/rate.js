// The raters' page: which item is shown, what keys do, and what is saved. Texts are drawn by item.js, sent by saving.js.

import { askedPlaces, choiceFor, draw, isMissing, withValue } from "./item.js";
import { Items, asked } from "./loading.js";
import { remember, remembered } from "./remembering.js";
import { Saver, newId, takenBack } from "./saving.js";
import { alertWith, at, clearAlert, progressed, state } from "./status.js";
import { element } from "./texts.js";

const rater = document.body.dataset.rater;
const address = `/api/${encodeURIComponent(rater)}`;
let study, saver, items;
let shown; // {item, entry, controls, current}
let place = -1; // in study.items

async function begin() {
  study = await asked(address, told);
  items = new Items(address, told);
  const tell = { state: (word, detail) => state(word, detail, saver), saved, conflict, refused };
  saver = new Saver(address, `selfinstruct-rate:${study.study}:${rater}:`, tell);
  if (!saver.isEmpty) {
    state("saving", "", saver);
    await saver.settled();
    study = await asked(address, told);
  }
  at("skip").hidden = study.settles && !study.items.length;
  explain(remembered("explain") !== "off");
  await show(nextOpen(-1), true); // what became of answers from before is still to be read
  if (remembered("guide") !== study.study) {
    remember("guide", study.study);
    at("guide").showModal();
  }
}

const told = {
  fault: alertWith,
  waiting(why) {
    if (!saver || saver.isEmpty) at("saved").textContent = why ?? "No connection; trying again ...";
  },
};

// Which item comes after this one: the next that is open, then the skipped ones, then none.
function nextOpen(from) {
  const total = study.items.length;
  for (const wanted of [(item) => !item.is_done && !item.is_skipped, (item) => !item.is_done]) {
    for (let step = 1; step <= total; step++) {
      const number = (from + step + total) % total;
      if (number !== from && wanted(study.items[number])) return number;
    }
  }
  return from >= 0 && study.items[from] && !study.items[from].is_done ? from : null;
}

async function show(number, keepsAlert = false) {
  leave();
  if (!keepsAlert) clearAlert();
  progress();
  if (number === null || number === undefined) return finished();
  place = number;
  const id = study.items[number].id;
  if (!items.ready.has(id)) {
    shown = undefined; // until it is there, no key may answer it
    busy(true);
    at("main").replaceChildren(element("p", { class: "faint" }, "Loading ..."));
    await items.load(id);
    if (place !== number || !items.ready.has(id)) return; // the rater went on meanwhile
  }
  const item = items.ready.get(id);
  const entry = structuredClone(saver.unsent(id) ?? item.entry);
  shown = { item, entry, current: 0 };
  busy(false);
  redraw();
  window.scrollTo(0, 0);
  if (document.activeElement === document.body) at("main").focus({ preventScroll: true }); // screen readers go on there
  for (const next of [nextOpen(number), number + 1, number + 2]) if (study.items[next]) items.load(study.items[next].id).catch(() => {});
}

function redraw() {
  const { item, entry } = shown;
  const drawn = draw(study, item, entry, {
    answer: (where, value) => answer(where, value),
    focus: (where) => mark(shown.controls.findIndex((one) => isAt(one.place, where)), false),
    note: (text) => change({ ...structuredClone(shown.entry), note: text }, true),
  });
  shown.controls = drawn.controls;
  const heading = element("p", { class: "place faint" }, `Item ${place + 1} of ${study.items.length}`);
  at("main").replaceChildren(heading, drawn.root);
  const first = drawn.controls.findIndex((one) => isMissing(item, entry, one.place));
  mark(first < 0 ? shown.current : first, false);
  progress();
}

function finished() {
  place = -1;
  shown = undefined;
  busy(false);
  const card = element("section", { class: "card done" });
  if (study.items.length) {
    const what = study.items.length === 1 ? "The item is" : `All ${study.items.length.toLocaleString("en")} items are`;
    const look = element("button", { type: "button" }, "Look through my answers");
    look.addEventListener("click", () => show(0));
    card.append(element("h2", {}, `${what} ${doneWord()}. Thank you.`), look);
  } else {
    card.append(element("h2", {}, "There is nothing to settle yet."));
    card.append(element("p", {}, "So far no two raters who are done differ about an item. Open the page again later."));
  }
  at("main").replaceChildren(card);
  progress();
}

// Tells screen readers, and whoever drives the page, that keys are not answers now.
function busy(isOn) {
  at("main").setAttribute("aria-busy", String(isOn || undoing > 0));
}

function progress() {
  progressed(study, shown, place, doneWord());
}

function doneWord() {
  return study.settles ? "settled" : "rated";
}

function mark(number, scrolls = true) {
  if (!shown?.controls.length) return;
  shown.current = Math.max(0, Math.min(number, shown.controls.length - 1));
  shown.controls.forEach((one, index) => one.block.classList.toggle("current", index === shown.current));
  if (scrolls) shown.controls[shown.current].block.scrollIntoView({ block: "nearest" });
}

// The answer to one question, by key or button; then the next open question is marked.
function answer(where, value) {
  if (undoing) return;
  change(withValue(shown.entry, where, value), where.question.kind === "text");
  if (where.question.kind === "text") return;
  const index = shown.controls.findIndex((one) => isAt(one.place, where));
  for (const button of shown.controls[index].block.querySelectorAll(".choice")) {
    button.setAttribute("aria-pressed", String(button.dataset.value === String(value)));
  }
  const open = (from) => shown.controls.findIndex((one, n) => n >= from && isMissing(shown.item, shown.entry, one.place));
  const next = value === undefined ? index : open(index + 1) < 0 ? open(0) : open(index + 1);
  mark(next < 0 ? index : next);
}

function isAt(one, other) {
  return one.question === other.question && one.answer === other.answer;
}

function change(entry, isTyping = false) {
  const id = shown.item.id;
  shown.entry = entry;
  shown.item.entry = structuredClone(entry);
  list(place, shown.item, entry);
  progress();
  saver.save(id, shown.item.version, entry, isTyping);
}

function list(number, item, entry) {
  const is_done = askedPlaces(study.form, item).every((one) => !isMissing(item, entry, one));
  Object.assign(study.items[number], { is_done, is_skipped: entry.is_skipped });
}

// What is typed and not yet saved is saved before the item is left.
function leave() {
  for (const box of document.querySelectorAll("#main textarea")) box.tell?.();
}

function saved(id, answer) {
  if (items.ready.has(id)) items.ready.get(id).version = answer.version;
}

async function conflict(id, mine, counts) {
  const item = await items.load(id);
  Object.assign(item, { version: counts.version, entry: counts.entry });
  const number = study.items.findIndex((one) => one.id === id);
  list(number, item, counts.entry);
  if (shown?.item.id === id) {
    shown.entry = structuredClone(counts.entry);
    redraw();
  }
  const take = element("button", { type: "button" }, "Use my answer instead");
  take.addEventListener("click", async () => {
    await show(number);
    change(structuredClone(mine));
    redraw();
    clearAlert();
  });
  alertWith(`Item ${number + 1} was changed in another tab or sheet. What is saved there is shown; your last answer was not saved. `, take);
}

function refused(_id, message) {
  alertWith(`Not saved: ${message}`);
}

function next() {
  if (!shown) return;
  leave();
  const missing = shown.controls.findIndex((one) => isMissing(shown.item, shown.entry, one.place));
  if (missing >= 0) {
    mark(missing);
    alertWith("One question is still open. Answer it, or skip the item.");
    return;
  }
  show(nextOpen(place));
}

function skip() {
  if (!shown) return;
  leave();
  if (!study.items[place].is_done) change({ ...structuredClone(shown.entry), is_skipped: true });
  show(nextOpen(place));
}

function step(by) {
  const number = shown === undefined ? study.items.length - 1 : place + by;
  if (study.items[number]) show(number);
}

const UNDO_WAITS = "No connection. Your last answer will be taken back as soon as the server is there again.";
let undoing = 0; // how often it was asked for and not yet done; meanwhile nothing else can be answered
async function undo() {
  if (!study || undoing++) return;
  busy(true);
  for (; undoing; undoing--) await undoOnce();
  busy(shown === undefined && place >= 0);
}

async function undoOnce() {
  try {
    leave();
    await saver.settled();
    const { item, error } = await takenBack(address, newId(), () => alertWith(UNDO_WAITS));
    if (error) return alertWith(error);
    if (item === null) return alertWith("There is nothing left to take back.");
    items.forget(item);
    study = await asked(address, told);
    await show(study.items.findIndex((one) => one.id === item));
    state("saved", "", saver);
  } catch (error) {
    alertWith(`Not taken back: ${error.message}`);
  }
}

function explain(isOn) {
  document.body.classList.toggle("short", !isOn);
  at("explain").setAttribute("aria-pressed", String(isOn));
  remember("explain", isOn ? "on" : "off");
}

const KEYS = {
  ArrowLeft: () => step(-1),
  ArrowRight: () => step(1),
  ArrowUp: () => shown && mark(shown.current - 1),
  ArrowDown: () => shown && mark(shown.current + 1),
  Enter: next,
  u: undo,
  s: skip,
  e: () => explain(document.body.classList.contains("short")),
  m: () => at("note")?.focus(),
  "?": () => at("guide").showModal(),
};

document.addEventListener("keydown", (event) => {
  if (at("guide").open || event.altKey || event.metaKey) return;
  const target = event.target;
  if (target.matches("textarea, input")) {
    if (event.key === "Escape" || (event.key === "Enter" && event.ctrlKey)) target.blur();
    if (event.key === "Enter" && event.ctrlKey) next();
    return;
  }
  if (event.ctrlKey || !study || (undoing && event.key !== "u")) return;
  const isPressing = event.key === "Enter" && target.closest("button") && target.matches(":focus-visible");
  if (isPressing) return; // a button that was reached by Tab is pressed
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const control = shown?.controls[shown.current];
  const choice = control && choiceFor(study, control.place.question, key);
  if (choice && !event.repeat) answer(control.place, choice.value);
  else if (KEYS[key]) KEYS[key]();
  else return;
  event.preventDefault();
});

at("back").addEventListener("click", () => step(-1));
at("undo").addEventListener("click", undo);
at("skip").addEventListener("click", skip);
at("next").addEventListener("click", next);
at("explain").addEventListener("click", KEYS.e);
at("help").addEventListener("click", KEYS["?"]);
window.addEventListener("pagehide", leave);
window.addEventListener("beforeunload", (event) => {
  leave();
  if (saver && !saver.isEmpty && !saver.isSafe) event.preventDefault(); // the browser asks whether to leave
});
window.addEventListener("online", () => saver?.wake?.());

begin().catch((error) => console.error(error));
