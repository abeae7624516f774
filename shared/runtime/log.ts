export type Fields = Readonly<Record<string, unknown>>;

/** Structured log: fixed words as the message, everything else in fields. */
export type Log = {
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
};
