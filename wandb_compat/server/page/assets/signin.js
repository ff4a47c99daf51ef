// Sign-in form: shows why sign-in is needed and keeps the target address.

const asked = new URLSearchParams(location.search);
/** @type {HTMLInputElement} */ (document.querySelector("input[name=next]")).value = asked.get("next") || "/";
const message = /** @type {HTMLElement} */ (document.getElementById("trouble"));
const reason = asked.has("wrong") ? "That is not the key of this server."
  : asked.has("used") ? "This link has been used or is too old. Sign in with the key, or ask for a new link." : "";
message.textContent = reason;
message.hidden = !reason;
