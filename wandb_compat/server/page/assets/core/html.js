// Preact bound to htm: components are written as html`<p>…</p>`, so that users need no build step.

import htm from "../vendor/htm.js";
import { Component, createContext, Fragment, h, render } from "../vendor/preact.js";
import { useCallback, useContext, useEffect, useErrorBoundary, useLayoutEffect, useMemo, useReducer, useRef, useState } from "../vendor/preact-hooks.js";

export const html = htm.bind(h);
export { Component, createContext, Fragment, h, render, useCallback, useContext, useEffect, useErrorBoundary, useLayoutEffect, useMemo, useReducer, useRef, useState };
