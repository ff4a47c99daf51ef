// Asking the server: one place for addresses, troubles, and the news of running runs.

export async function get(view, query = {}) {
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== null && value !== undefined && value !== "") asked.set(name, value);
  return (await answered(fetch(`/page/${view}?${asked}`))).json();
}

/** Return lines of charts by run and key: typed arrays `step`, `time`, `low`, `high`, `mean`, `holes`; and the `last` finite value. */
export async function lines(runs, keys, width, low, high) {
  const body = JSON.stringify({ runs, keys, width, ...(low === undefined ? {} : { low, high }) });
  const answer = await answered(fetch("/page/charts", { method: "POST", body, headers: { "Content-Type": "application/json" } }));
  const buffer = await answer.arrayBuffer();
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  let at = 4 + length;
  const found = new Map(keys.map((key) => [key, new Map()]));
  for (const line of header.lines) {
    const made = { last: line.last };
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

/** After news do each of the tasks, in turn and a second apart, so that a page never asks more than that. */
export function listen(query, ...tasks) {
  const source = new EventSource(`/page/events?${new URLSearchParams(query)}`);
  const light = document.getElementById("live");
  const due = new Set();
  let first = true, busy = false, left = false;
  const work = async () => {
    if (busy) return;
    busy = true;
    while (due.size && !left) {
      const [task] = due;
      due.delete(task);
      try { await task(); } catch (trouble) { console.warn(trouble.message); }
      await new Promise((done) => setTimeout(done, 1000));
    }
    busy = false;
  };
  source.onopen = () => { light.className = "live on"; light.textContent = "live"; };
  source.onerror = () => { light.className = "live off"; light.textContent = "server away"; };
  source.onmessage = () => {
    if (first) { first = false; return; }
    // Those that are due already keep their place, so that the first does not come before the others for ever.
    tasks.forEach((task) => due.add(task));
    work();
  };
  return () => { left = true; source.close(); light.className = "live"; light.textContent = ""; };
}
