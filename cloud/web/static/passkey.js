// Passkeys: signing in by one, and adding one on the account's page.

import { phrases } from "./moments.js";

const fromText = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const toText = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

async function post(path, body) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify(body),
  });
  const said = await answer.json();
  if (!answer.ok) throw new Error([said.error, said.detail, said.todo].filter(Boolean).join(". "));
  return said;
}

/** What the key said, as the centre reads it. */
function answerOf(credential) {
  const { response } = credential;
  const parts = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[name]) parts[name] = toText(response[name]);
  }
  return { id: credential.id, rawId: toText(credential.rawId), type: credential.type, response: parts };
}

async function signIn() {
  const options = await post("/api/v1/session/passkey/challenge", {});
  options.challenge = fromText(options.challenge);
  const credential = await navigator.credentials.get({ publicKey: options });
  await post("/api/v1/session/passkey", answerOf(credential));
  location.assign(document.querySelector('[name="next"]')?.value || "/");
}

async function add(form) {
  const options = await post("/api/v1/account/passkeys/challenge", {});
  options.challenge = fromText(options.challenge);
  options.user.id = fromText(options.user.id);
  for (const known of options.excludeCredentials ?? []) known.id = fromText(known.id);
  const credential = await navigator.credentials.create({ publicKey: options });
  await post("/api/v1/account/passkeys", { name: form.elements.name.value, answer: answerOf(credential) });
  location.reload();
}

function run(button, work) {
  const problem = document.getElementById("passkey-problem");
  button.disabled = true;
  problem.hidden = true;
  work()
    .catch((error) => {
      // the browser's own refusals (taken back, took too long) are in its language and in no person's
      problem.textContent = error instanceof DOMException ? phrases.passkey_not_done : error.message;
      problem.hidden = false;
    })
    .finally(() => {
      button.disabled = false;
    });
}

if (window.PublicKeyCredential) {
  for (const part of document.querySelectorAll(".passkey-part")) part.hidden = false;
  document.getElementById("passkey-sign-in")?.addEventListener("click", (event) => run(event.target, signIn));
  document.getElementById("passkey-add")?.addEventListener("submit", (event) => {
    event.preventDefault();
    run(event.submitter, () => add(event.target));
  });
}
