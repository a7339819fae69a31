// The page's lines of status: how far the rater is, what is saved, and what went wrong.

export const at = (id) => document.getElementById(id);

export function state(word, detail, saver) {
  const kept = saver?.isSafe ?? true ? "kept in this browser" : "please leave this page open";
  const words = { saved: "Saved", saving: "Saving ...", waiting: `Not saved yet, ${kept}; trying again ...` };
  at("saved").textContent = detail ? `${words[word]} (${detail})` : words[word];
  at("saved").dataset.state = word;
}

// shown: the item that is shown, if any; place: its place in study.items; word: rated or settled.
export function progressed(study, shown, place, word) {
  const done = study.items.filter((item) => item.is_done).length;
  const skipped = study.items.filter((item) => item.is_skipped && !item.is_done).length;
  at("bar").max = Math.max(study.items.length, 1);
  at("bar").value = done;
  at("count").textContent = `${done} of ${study.items.length} ${word}${skipped ? `, ${skipped} skipped` : ""}`;
  at("back").disabled = shown === undefined ? !study.items.length : place <= 0;
  at("skip").disabled = at("next").disabled = shown === undefined;
}

export function alertWith(...words) {
  at("alert").replaceChildren(...words);
  at("alert").hidden = false;
}

export function clearAlert() {
  at("alert").hidden = true;
}
