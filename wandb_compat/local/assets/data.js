// Asking the server: one place for addresses, troubles, and the news of running runs.

export async function get(view, query = {}) {
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== null && value !== undefined && value !== "") asked.set(name, value);
  return (await answered(fetch(`/page/${view}?${asked}`))).json();
}

/** Return lines of charts by run and key: typed arrays `step`, `time`, `low`, `high`, `mean`, `holes`. */
export async function lines(runs, keys, width, low, high) {
  const body = JSON.stringify({ runs, keys, width, ...(low === undefined ? {} : { low, high }) });
  const answer = await answered(fetch("/page/charts", { method: "POST", body, headers: { "Content-Type": "application/json" } }));
  const buffer = await answer.arrayBuffer();
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  let at = 4 + length;
  const found = new Map(keys.map((key) => [key, new Map()]));
  for (const line of header.lines) {
    const made = {};
    for (const column of ["step", "time", "low", "high", "mean", "holes"]) {
      made[column] = new Float64Array(buffer, at, line.length);
      at += 8 * line.length;
    }
    found.get(line.key).set(line.run, made);
  }
  return found;
}

async function answered(request) {
  let answer;
  try {
    answer = await request;
  } catch {
    throw new Error("The server does not answer. Is wandb-compat serve still running?");
  }
  if (answer.status === 401) {
    location.assign(`/signin?next=${encodeURIComponent(location.pathname + location.search)}`);
    throw new Error("Signed out.");
  }
  if (!answer.ok) {
    const told = await answer.json().catch(() => ({}));
    throw new Error(told.message || `The server answered ${answer.status}.`);
  }
  return answer;
}

/** Call back with each piece of news, at most once a second and never while the last one is being taken in. */
export function listen(query, take) {
  const source = new EventSource(`/page/events?${new URLSearchParams(query)}`);
  const light = document.getElementById("live");
  let first = true, busy = false, again = null, last = 0;
  const run = async (news) => {
    if (busy) { again = news; return; }
    busy = true;
    await new Promise((done) => setTimeout(done, Math.max(0, last + 1000 - Date.now())));
    last = Date.now();
    try { await take(news); } catch (trouble) { console.warn(trouble.message); }
    busy = false;
    if (again) { const next = again; again = null; run(next); }
  };
  source.onopen = () => { light.className = "live on"; light.textContent = "live"; };
  source.onerror = () => { light.className = "live off"; light.textContent = "server away"; };
  source.onmessage = (event) => { const news = JSON.parse(event.data); if (first) first = false; else run(news); };
  return () => { source.close(); light.className = "live"; light.textContent = ""; };
}
