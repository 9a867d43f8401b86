// Every page: forms that stay where they are, and times that stay true.

import "./draft.js";
import { phrases, refresh } from "./moments.js";

document.querySelector(".top nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
refresh();
setInterval(refresh, 1000);

/** The form's fields as JSON: those marked data-list as lists, empty ones left out. */
function fieldsOf(form, submitter) {
  const fields = {};
  for (const [name, value] of new FormData(form, submitter)) {
    if (value === "") continue;
    const control = form.querySelector(`[name="${CSS.escape(name)}"]`);
    if (control && control.dataset.list !== undefined) (fields[name] ??= []).push(value);
    else fields[name] = /^\d+$/.test(value) && submitter?.name === name ? Number(value) : value;
  }
  return fields;
}

function problemOf(form) {
  const place = form.closest(".alarm, .thumb-bar, #report");
  return place?.querySelector(".problem") ?? form.querySelector(".problem");
}

function say(form, text) {
  const problem = problemOf(form);
  if (!problem) return;
  problem.textContent = text;
  problem.hidden = text === "";
}

/** The session has ended: nothing leaves the page by itself, so that nothing typed is lost. */
function askToSignIn(form) {
  say(form, phrases.signed_out);
  const link = document.createElement("a");
  link.href = `/login?next=${encodeURIComponent(location.pathname)}`;
  link.textContent = phrases.sign_in;
  problemOf(form)?.append(" ", link);
}

/** What a refusal says. On an elder's page only that it did not work, and what always does. */
function refusal(status, said) {
  if (document.body.classList.contains("elder")) return phrases.elder_try_again;
  const detail = status === 422 ? "" : said.detail; // of a form's own fields, for programs
  return [said.error, detail, said.todo].filter(Boolean).join(". ").replaceAll("..", ".");
}

/** A form with data-waits does not need the net: what cannot be sent waits on this phone. */
const offline = document.body.dataset.staff && document.body.dataset.offline !== undefined && (await import("./offline.js"));

export async function send(form, submitter) {
  if (form.dataset.sending) return false;
  form.dataset.sending = "yes";
  say(form, "");
  const fields = fieldsOf(form, submitter);
  const waits = offline && form.dataset.waits !== undefined;
  if (waits) Object.assign(fields, offline.mark());
  try {
    if (waits && (await offline.isBehind())) {
      await offline.wait(form, fields);
      document.dispatchEvent(new CustomEvent("done", { detail: { form } }));
      return true;
    }
    const answer = await fetch(form.action, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify(fields),
    });
    if (answer.ok) {
      document.dispatchEvent(new CustomEvent("done", { detail: { form } }));
      return true;
    }
    if (answer.status === 401) {
      askToSignIn(form);
      return false;
    }
    say(form, refusal(answer.status, await answer.json().catch(() => ({}))));
    if (answer.status === 409) document.dispatchEvent(new CustomEvent("stale", { detail: { form } }));
  } catch {
    if (waits) {
      await offline.wait(form, fields);
      document.dispatchEvent(new CustomEvent("done", { detail: { form } }));
      return true;
    }
    say(form, document.body.classList.contains("elder") ? phrases.elder_try_again : phrases.no_answer);
  } finally {
    delete form.dataset.sending;
  }
  return false;
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.dataset.api === undefined) return;
  event.preventDefault();
  if ((await send(form, event.submitter)) && !document.body.classList.contains("board")) {
    if (form.dataset.then) location.assign(form.dataset.then);
    else location.reload();
  }
});

const followUps = document.getElementById("follow-ups");
if (followUps) {
  const date = document.querySelector('[name="next_on"]');
  const mark = () => {
    for (const button of followUps.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(button.dataset.date === date.value));
    }
  };
  followUps.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    date.value = button.dataset.date;
    date.dispatchEvent(new Event("input", { bubbles: true }));
  });
  date.addEventListener("input", mark);
  mark();
}

/** Puts in what differs of a freshly fetched page, and leaves open what is open and the focus where it is. */
export function patch(place, fresh) {
  const open = [...place.querySelectorAll("details[open]")].map((element) => element.id);
  const typed = [...place.querySelectorAll("input:not([type=hidden])")].map((input) => [input.id, input.value]);
  const problems = [...place.querySelectorAll("li[id] .problem:not([hidden])")].map((problem) => [
    problem.closest("li").id,
    problem.textContent,
  ]);
  const focus = focusPath(place);
  for (const part of [...fresh.querySelectorAll("[data-part]")]) {
    const old = place.querySelector(`[data-part="${part.dataset.part}"]`);
    if (!old) place.append(part);
    else if (old.outerHTML !== part.outerHTML) old.replaceWith(part);
  }
  for (const id of open) if (id) document.getElementById(id)?.setAttribute("open", "");
  for (const [id, value] of typed) {
    const input = id && document.getElementById(id);
    if (input) input.value = value;
  }
  for (const [id, text] of problems) {
    const problem = document.getElementById(id)?.querySelector(".problem");
    if (problem) {
      problem.textContent = text;
      problem.hidden = false;
    }
  }
  focus?.()?.focus({ preventScroll: true });
  refresh(place);
}

function focusPath(place) {
  const focused = document.activeElement;
  if (!focused || !place.contains(focused)) return null;
  if (focused.id) return () => document.getElementById(focused.id);
  const row = focused.closest("[id]");
  if (!row) return null;
  const place_in_row = [...row.querySelectorAll("button, a, summary, input")].indexOf(focused);
  return () => {
    const now = document.getElementById(row.id);
    return now?.querySelectorAll("button, a, summary, input")[place_in_row] ?? now;
  };
}
