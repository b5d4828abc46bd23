/**
 * Dark and light. The colours are custom properties of theme.css; canvases read them here, once per change.
 */
import { effect, signal } from "@preact/signals";
import type { ChartColours } from "../../charts/colours.ts";
import {
  DARK_ENDS,
  LIGHT_ENDS,
  type PaletteEnds,
  type PhasePalette,
  phasePalette,
} from "../../charts/phase-palette.ts";

const STORED = "eigenwatch.theme";

type ThemeName = "dark" | "light";

interface Theme extends ChartColours {
  readonly name: ThemeName;
  readonly ends: PaletteEnds;
  readonly palette: PhasePalette;
  readonly accent: string;
  readonly lines: readonly string[];
  readonly measures: readonly string[];
  readonly severity: Readonly<Record<string, string>>;
  /** Marks data that are not real. */
  readonly injected: string;
  /** Laid where a channel usually is. */
  readonly usual: string;
  /** Laid over a stretch without samples. */
  readonly gap: string;
  /** The phase of a cell, drawn over its colour. */
  readonly phaseTick: string;
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
    // Storage may be forbidden. Then the choice lasts as long as the page.
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
    injected: colour("warning"),
    usual: colour("usual"),
    gap: colour("gap"),
    highlight: name === "dark" ? "rgba(255, 255, 255, 0.1)" : "rgba(0, 0, 0, 0.08)",
    phaseTick: name === "dark" ? "rgba(0, 0, 0, 0.42)" : "rgba(255, 255, 255, 0.6)",
    onColour: colour("on-colour"),
  };
}
