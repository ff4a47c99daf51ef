// The door: says why somebody stands here, and remembers where they wanted to go.

const asked = new URLSearchParams(location.search);
document.querySelector("input[name=next]").value = asked.get("next") || "/";
const trouble = document.getElementById("trouble");
const reason = asked.has("wrong") ? "That is not the key of this server."
  : asked.has("used") ? "This link has been used or is too old. Sign in with the key, or ask for a new link." : "";
trouble.textContent = reason;
trouble.hidden = !reason;
