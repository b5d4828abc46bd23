/** Icons, as strokes in the colour of the text. Decoration: the text next to them has the same meaning. */
const PATHS = {
  logo: (
    <>
      <path d="M2 12c2.700-8 6.300-8 9.500 0s7 8 10.500 0" stroke="var(--measure-1)" />
      <path d="M2 12c2.700 8 6.300 8 9.500 0s7-8 10.500 0" stroke="var(--accent)" opacity="0.8" />
    </>
  ),
  sun: (
    <>
      <circle cx="12" cy="12" r="4" />
      <path d="M12 2v2.500M12 19.500V22M4.900 4.900l1.800 1.800M17.300 17.300l1.800 1.800M2 12h2.500M19.500 12H22M4.900 19.100l1.800-1.800M17.300 6.700l1.800-1.800" />
    </>
  ),
  moon: <path d="M20 14.500A8.500 8.500 0 0 1 9.500 4 8.500 8.500 0 1 0 20 14.500z" />,
  help: (
    <>
      <circle cx="12" cy="12" r="9.500" />
      <path d="M9.300 9.200a2.800 2.800 0 0 1 5.400.9c0 1.900-2.700 2.400-2.700 4M12 17.300v.1" />
    </>
  ),
  play: <path d="M7 4.500v15l12-7.500z" fill="currentColor" />,
  pause: <path d="M7 5h3.500v14H7zM13.500 5H17v14h-3.500z" fill="currentColor" stroke="none" />,
  previous: <path d="M6 5v14M19 5L9 12l10 7z" />,
  next: <path d="M18 5v14M5 5l10 7-10 7z" />,
  inject: <path d="M13 2L5 13.500h6L10 22l9-12.500h-6.500z" />,
  branch: (
    <>
      <circle cx="6" cy="5" r="2.500" />
      <circle cx="6" cy="19" r="2.500" />
      <circle cx="18" cy="8" r="2.500" />
      <path d="M6 7.500v9M18 10.500c0 4-6 3-11 6.500" />
    </>
  ),
  threshold: <path d="M2 8h3M9 8h3M16 8h3M3 19l5-7 4 4 5-12 4 7" />,
  scale: <path d="M4 4v16h16M8 16l3-5 3 2 5-8M2 8h2M2 13h2" />,
  mark: <path d="M6 21V4h12l-3.500 4 3.500 4H6" />,
  note: <path d="M4 5h16v11h-9l-4 4v-4H4zM8 9h8M8 12.500h5" />,
  layout: <path d="M4 4h16v16H4zM4 11h9M13 4v16" />,
  plus: <path d="M12 5v14M5 12h14" />,
  search: (
    <>
      <circle cx="11" cy="11" r="6.500" />
      <path d="M16 16l5 5" />
    </>
  ),
  close: <path d="M6 6l12 12M18 6L6 18" />,
  jump: <path d="M4 12h14M12.500 6l6 6-6 6" />,
  back: <path d="M20 12H6M11.500 6l-6 6 6 6" />,
  recordings: (
    <>
      <path d="M3 6h12M3 12h7M3 18h6" />
      <path d="M13 11.500v9l8-4.500z" fill="currentColor" />
    </>
  ),
  link: (
    <path d="M10 14a4.500 4.500 0 0 0 6.400 0l3-3a4.500 4.500 0 0 0-6.400-6.400l-1.500 1.500M14 10a4.500 4.500 0 0 0-6.400 0l-3 3a4.500 4.500 0 0 0 6.400 6.400l1.500-1.500" />
  ),
  check: <path d="M5 12.500l5 5L19.500 7" />,
  download: <path d="M12 4v11M7 10.500l5 5 5-5M4 20h16" />,
  info: <circle cx="12" cy="12" r="6" fill="currentColor" />,
  notice: <path d="M12 3l9 9-9 9-9-9z" fill="currentColor" />,
  warning: <path d="M12 3.500L22 20.500H2z" fill="currentColor" />,
  critical: <rect x="4" y="4" width="16" height="16" rx="2" fill="currentColor" />,
} as const;

export function Icon({ name, size }: { name: keyof typeof PATHS; size: number }) {
  return (
    <svg
      class="icon"
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="2"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      {PATHS[name]}
    </svg>
  );
}
