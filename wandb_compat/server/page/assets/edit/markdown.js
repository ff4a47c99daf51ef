// Notes in Markdown, drawn as elements: logged markup stays text, and links lead to web addresses only.

import { html } from "../core/html.js";
import { lexer } from "../vendor/marked.js";

/** @param {{text: string}} props */
export function Markdown({ text }) {
  return html`<div class="markdown">${lexer(text).map(block)}</div>`;
}

/** @param {any} token @returns {any} */
function block(token) {
  switch (token.type) {
    case "space": case "def": return null;
    case "heading": return html`<p class="markdown-heading"><b>${inline(token)}</b></p>`;
    case "paragraph": return html`<p>${inline(token)}</p>`;
    case "code": return html`<pre><code>${token.text}</code></pre>`;
    case "blockquote": return html`<blockquote>${token.tokens.map(block)}</blockquote>`;
    case "hr": return html`<hr />`;
    case "list": {
      const items = token.items.map((/** @type {any} */ item) => html`<li>${item.task && html`<input type="checkbox" disabled checked=${item.checked} aria-label="done" /> `}${item.tokens.map(block)}</li>`);
      return token.ordered ? html`<ol start=${token.start || 1}>${items}</ol>` : html`<ul>${items}</ul>`;
    }
    case "table": return html`<table><thead><tr>${token.header.map((/** @type {any} */ cell) => html`<th scope="col">${inline(cell)}</th>`)}</tr></thead>
      <tbody>${token.rows.map((/** @type {any[]} */ row) => html`<tr>${row.map((cell) => html`<td>${inline(cell)}</td>`)}</tr>`)}</tbody></table>`;
    default: return token.tokens ? html`<span>${inline(token)}</span>` : plain(token);
  }
}

/** @param {any} token @returns {any} */
function inline(token) {
  return (token.tokens ?? []).map((/** @type {any} */ one) => {
    switch (one.type) {
      case "strong": return html`<b>${inline(one)}</b>`;
      case "em": return html`<i>${inline(one)}</i>`;
      case "del": return html`<s>${inline(one)}</s>`;
      case "codespan": return html`<code>${one.text}</code>`;
      case "br": return html`<br />`;
      // The page loads no picture of another host, so a picture is a link.
      case "link": case "image": return isWebAddress(one.href) ? html`<a href=${one.href} target="_blank" rel="noopener noreferrer">${one.type === "image" ? one.text || one.href : inline(one)}</a>` : one.raw;
      case "text": case "escape": return one.tokens ? inline(one) : one.text;
      default: return plain(one);
    }
  });
}

/** @param {any} token */
const plain = (token) => token.raw;

/** @param {string} address */
export const isWebAddress = (address) => /^https?:\/\//i.test(address);
