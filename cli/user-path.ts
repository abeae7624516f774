import path from 'node:path';

/**
 * A file as the person means it who calls a command: npm runs scripts at the root of the repository, and
 * says in `INIT_CWD` where it was called.
 */
export const userPath = (file: string): string =>
  path.resolve(process.env.INIT_CWD ?? process.cwd(), file);
