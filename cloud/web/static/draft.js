// A half-typed report outlives a reload, a lost net and an ended session: it is kept in this tab until it is filed.

const PREFIX = "doorstep-draft:";

const keyOf = (form) => PREFIX + new URL(form.action).pathname;
const controls = (form) => [...form.elements].filter((control) => control.name && control.type !== "hidden");
const stateOf = (control) => (["radio", "checkbox"].includes(control.type) ? control.checked : control.value);

function keep(form) {
  const state = controls(form).map((control) => [control.name, control.value, stateOf(control)]);
  sessionStorage.setItem(keyOf(form), JSON.stringify(state));
  form.querySelector(".kept-here").hidden = false;
}

function restore(form) {
  const kept = sessionStorage.getItem(keyOf(form));
  if (kept === null) return;
  for (const [name, value, state] of JSON.parse(kept)) {
    for (const control of controls(form).filter((control) => control.name === name)) {
      if (typeof state !== "boolean") control.value = state;
      else if (control.value === value) control.checked = state;
    }
  }
  form.querySelector(".kept-here").hidden = false;
}

for (const form of document.querySelectorAll("form[data-draft]")) {
  restore(form);
  form.addEventListener("input", () => keep(form));
}

document.addEventListener("done", (event) => {
  if (event.detail.form.dataset.draft !== undefined) sessionStorage.removeItem(keyOf(event.detail.form));
});

// Who signs out leaves nothing behind for the next who takes the phone.
document.addEventListener("submit", (event) => {
  if (!event.target.action.endsWith("/logout")) return;
  if ("caches" in window) caches.delete("doorstep-pages");
  for (const key of Object.keys(sessionStorage)) if (key.startsWith(PREFIX)) sessionStorage.removeItem(key);
});
