/** The colours of a chart that do not belong to its data. Charts compare `name`: colours with the same name are the same. */
export interface ChartColours {
  readonly name: string;
  readonly text: string;
  readonly muted: string;
  readonly faint: string;
  readonly grid: string;
  readonly panel: string;
  readonly raised: string;
  /** What the person marks. */
  readonly accent: string;
  /** Text on a coloured ground. */
  readonly onColour: string;
  /** Laid over cells that are pointed at. */
  readonly highlight: string;
}
