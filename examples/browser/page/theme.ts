/** Light, dark, or as the system has it. */
import { announce, byId, fill, icon } from "./dom.ts";

const THEMES = ["auto", "light", "dark"] as const;
type Theme = typeof THEMES[number];
const KEY = "storeport-theme";
const ICONS: Readonly<Record<Theme, string>> = { auto: "auto", light: "sun", dark: "moon" };

/** Applies the theme that was chosen last, and lets the button choose the next. */
export function startTheme(): void {
  let theme = stored();
  const apply = (): void => {
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    const button = byId("theme");
    fill(button, icon(ICONS[theme]));
    const label = `Theme: ${theme === "auto" ? "as the system" : theme}`;
    button.setAttribute("aria-label", label);
    button.title = label;
  };
  apply();
  byId("theme").addEventListener("click", () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]!;
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // Forbidden: then it is chosen anew next time.
    }
    apply();
    announce(byId("theme").title);
  });
}

function stored(): Theme {
  try {
    return THEMES.find((theme) => theme === localStorage.getItem(KEY)) ?? "auto";
  } catch {
    return "auto";
  }
}
