// Addresses of the page: project paths, the query string, and navigation without reloading.

let show = () => {};

/** Set the function that draws the view of the current address. */
export function onNavigate(draw) {
  show = draw;
}

/** Update the query string in place; null removes a parameter. */
export function updateQuery(changes) {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    query.delete(name);
    for (const one of Array.isArray(value) ? value : [value]) if (one !== null && one !== undefined && one !== "") query.append(name, one);
  }
  const text = query.toString();
  history.replaceState(null, "", location.pathname + (text ? `?${text}` : ""));
}

/** Show another address of the page. */
export function navigate(address) {
  history.pushState(null, "", address);
  show();
}

/** Return the address of a project or of some of its runs. */
export const projectPath = (project, runs = "") => `/o/local/projects/${encodeURIComponent(project)}${runs && `/${runs}`}`;
