/** Says whose stretch of time the charts show, while they follow a person. */
import "./banner.css";
import { Icon } from "../../components/icon.tsx";
import type { PanelProps } from "../../components/panel-props.ts";
import { colourOf } from "../../model/people.ts";

/** The colours of lines: the theme has as many. */
const COLOURS = 8;

export function FollowBanner({ presence, people }: PanelProps) {
  const id = presence.following.value;
  if (id === null) return null;
  return (
    <div class={`follow-banner line-${colourOf(id, COLOURS) + 1}`} role="status">
      <Icon name="jump" size={13} />
      <span>
        Following <strong>{people.nameOf(id) ?? id}</strong>: the charts show what they look at, until you
        move or press <kbd>Esc</kbd>
      </span>
      <button type="button" class="button small" onClick={() => presence.stopFollowing()}>
        Stop following
      </button>
    </div>
  );
}
