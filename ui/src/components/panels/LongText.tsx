interface LongTextProps {
  className: string;
  /** What the text is, to whoever hears the page. */
  name: string;
  role?: "region" | "log";
  children: React.ReactNode;
}

/** A text that may be longer than its place: the focus can go there, and then keys scroll it. */
export function LongText({ name, role = "region", ...rest }: LongTextProps) {
  // biome-ignore lint/a11y/useAriaPropsSupportedByRole: both roles may have a name
  return <pre role={role} aria-label={name} tabIndex={0} {...rest} />;
}
