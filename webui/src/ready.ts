/** Buttons wait, visibly, until there is a script behind them: a click before that would be lost. */
import { all } from "./element";

// A page's own script is a module that imports this one, so it has run by then.
queueMicrotask(() => {
  for (const button of all<HTMLButtonElement>("button:disabled:not([data-later])")) button.disabled = false;
  document.documentElement.dataset.ready = "yes";
});
