/**
 * Dark and light. The colours live in style.css as custom properties; canvases read them here, once per change.
 */
import { effect, signal } from "@preact/signals";
import {
  DARK_ENDS,
  LIGHT_ENDS,
  type PaletteEnds,
  type PhasePalette,
  phasePalette,
} from "../../charts/phase-palette.ts";

const STORED = "eigenwatch.theme";

export type ThemeName = "dark" | "light";

export interface Theme {
  name: ThemeName;
  ends: PaletteEnds;
  palette: PhasePalette;
  text: string;
  muted: string;
  faint: string;
  grid: string;
  panel: string;
  raised: string;
  accent: string;
  lines: readonly string[];
  measures: readonly string[];
  severity: Readonly<Record<string, string>>;
  gap: string;
  /** Text on a coloured ground. */
  onColour: string;
}

const prefersLight = matchMedia("(prefers-color-scheme: light)");

export const themeName = signal<ThemeName>(chosen() ?? preferred());
export const theme = signal<Theme>(read("dark"));

effect(() => {
  document.documentElement.dataset["theme"] = themeName.value;
  theme.value = read(themeName.value);
});
prefersLight.addEventListener("change", () => {
  if (chosen() === null) themeName.value = preferred();
});

export function toggleTheme(): void {
  themeName.value = themeName.value === "dark" ? "light" : "dark";
  try {
    localStorage.setItem(STORED, themeName.value);
  } catch {
    // Storage may be forbidden; then the choice lasts as long as the page.
  }
}

function preferred(): ThemeName {
  return prefersLight.matches ? "light" : "dark";
}

function chosen(): ThemeName | null {
  try {
    const stored = localStorage.getItem(STORED);
    return stored === "dark" || stored === "light" ? stored : null;
  } catch {
    return null;
  }
}

function read(name: ThemeName): Theme {
  const style = getComputedStyle(document.documentElement);
  const colour = (property: string) => style.getPropertyValue(`--${property}`).trim();
  const ends = name === "dark" ? DARK_ENDS : LIGHT_ENDS;
  return {
    name,
    ends,
    palette: phasePalette(ends),
    text: colour("text"),
    muted: colour("muted"),
    faint: colour("faint"),
    grid: colour("grid"),
    panel: colour("panel"),
    raised: colour("raised"),
    accent: colour("accent"),
    lines: [1, 2, 3, 4, 5, 6, 7, 8].map((k) => colour(`line-${k}`)),
    measures: [1, 2, 3, 4].map((k) => colour(`measure-${k}`)),
    severity: {
      info: colour("info"),
      notice: colour("notice"),
      warning: colour("warning"),
      critical: colour("critical"),
    },
    gap: colour("gap"),
    onColour: colour("on-colour"),
  };
}
