/** What Lambda gives one invocation: `Timeout` in `template.yaml`. */
export const timeoutMs = 90_000;

/** No message of a batch is begun later, and no look-up goes on: what is left goes back to the queue. */
export const noteMsMax = 60_000;

/** No cluster is begun later in a run: those that are left come first in the next one. */
export const startMsMax = 45_000;
/** No cluster is read for longer into a run: what was read has yet to be written. */
export const readMsMax = 75_000;
