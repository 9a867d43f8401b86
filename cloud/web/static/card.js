// The card of who calls, on the board: opened by the call itself, kept fresh, closed by a key.

import { refresh } from "./moments.js";
import { patch } from "./page.js";

const place = document.getElementById("card");
const inside = document.getElementById("card-inside");
let asked = 0;

/** The alarm whose card is open, or null. */
export function openCardId() {
  return place.hidden ? null : place.dataset.alarm;
}

/** Opens the card of an alarm, or brings the open one up to date. */
export async function showCard(id, { focus = false } = {}) {
  const number = ++asked;
  try {
    const answer = await fetch(`/alarms/${id}/card`, { headers: { accept: "text/html" } });
    if (!answer.ok || answer.redirected || number !== asked) return;
    const fresh = document.createElement("template");
    const part = document.createElement("div");
    part.dataset.part = "card";
    part.innerHTML = await answer.text();
    if (number !== asked) return;
    fresh.content.append(part);
    if (place.dataset.alarm !== id) inside.replaceChildren();
    patch(inside, fresh.content);
    place.dataset.alarm = id;
    place.hidden = false;
    refresh(place);
    if (focus) document.getElementById("card-name")?.focus();
  } catch {
    // no connection: the row on the board stands, and the next event tries again
  }
}

export function closeCard() {
  asked += 1;
  place.hidden = true;
  delete place.dataset.alarm;
  inside.replaceChildren();
}

document.getElementById("close-card").addEventListener("click", closeCard);
