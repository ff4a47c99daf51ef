// Requests to the server: fetch, errors, and the event stream of changes.

export async function get(view, query = {}) {
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== null && value !== undefined && value !== "") asked.set(name, value);
  return (await checkResponse(fetch(`/page/${view}?${asked}`))).json();
}

/** Return lines of charts by run and key: typed arrays `step`, `time`, `low`, `high`, `mean`, `holes`; and the `last` finite value. */
export async function lines(runs, keys, width, low, high) {
  const body = JSON.stringify({ runs, keys, width, ...(low === undefined ? {} : { low, high }) });
  const answer = await checkResponse(fetch("/page/charts", { method: "POST", body, headers: { "Content-Type": "application/json" } }));
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

async function checkResponse(request) {
  let answer;
  try {
    answer = await request;
  } catch {
    throw new Error("The server does not respond. Is wandb-compat serve still running?");
  }
  if (answer.status === 401) {
    location.assign(`/signin?next=${encodeURIComponent(location.pathname + location.search)}`);
    throw new Error("Signed out.");
  }
  if (!answer.ok) {
    const body = await answer.json().catch(() => ({}));
    throw new Error(body.error?.message || body.error || `The server answered ${answer.status}.`);
  }
  return answer;
}

/** Run each task after a change event, one at a time and a second apart, to bound the request rate. */
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
      try { await task(); } catch (error) { console.warn(error.message); }
      await new Promise((done) => setTimeout(done, 1000));
    }
    busy = false;
  };
  source.onopen = () => { light.className = "live on"; light.textContent = "live"; };
  source.onerror = () => { light.className = "live off"; light.textContent = "disconnected"; };
  source.onmessage = () => {
    if (first) { first = false; return; }
    // Pending tasks keep their position, so that the first task cannot starve the others.
    tasks.forEach((task) => due.add(task));
    work();
  };
  return () => { left = true; source.close(); light.className = "live"; light.textContent = ""; };
}
