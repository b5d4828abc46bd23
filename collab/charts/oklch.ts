/**
 * OKLCH to sRGB (Björn Ottosson, 2020, "A perceptual color space for image processing"). Equal steps of hue look equal, unlike in HSV.
 *
 * `lightness` in [0, 1], `chroma` ≥ 0 (sRGB ends near 0.3), `hue` in turns [0, 1). Colours outside sRGB lose chroma and keep lightness
 * and hue. Result: red, green and blue in 0…255.
 */
export type Rgb = readonly [red: number, green: number, blue: number];

export function oklchToRgb(lightness: number, chroma: number, hue: number): Rgb {
  let c = chroma;
  // Halving the distance eight times leaves less than one step of an 8-bit channel.
  if (!inGamut(lightness, c, hue)) {
    let low = 0;
    let high = c;
    for (let k = 0; k < 8; k++) {
      const middle = (low + high) / 2;
      if (inGamut(lightness, middle, hue)) low = middle;
      else high = middle;
    }
    c = low;
  }
  const [r, g, b] = linear(lightness, c, hue);
  return [encode(r), encode(g), encode(b)];
}

function inGamut(lightness: number, chroma: number, hue: number): boolean {
  const slack = 1e-4;
  return linear(lightness, chroma, hue).every((part) => part >= -slack && part <= 1 + slack);
}

function linear(lightness: number, chroma: number, hue: number): Rgb {
  const a = chroma * Math.cos(2 * Math.PI * hue);
  const b = chroma * Math.sin(2 * Math.PI * hue);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
}

function encode(part: number): number {
  const x = Math.min(1, Math.max(0, part));
  return Math.round(255 * (x <= 0.0031308 ? 12.92 * x : 1.055 * x ** (1 / 2.4) - 0.055));
}

export function css(colour: Rgb): string {
  return `rgb(${colour[0]} ${colour[1]} ${colour[2]})`;
}
