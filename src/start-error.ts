/** Why the program cannot start, in one line for the operator. */
export class StartError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StartError';
  }
}

/**
 * Runs something that listens.
 * @throws {StartError} naming address and setting when it cannot.
 */
export async function addressed<T>(
  where: { host: string; port: number },
  setting: string,
  listen: () => Promise<T>,
): Promise<T> {
  try {
    return await listen();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    const why = code === 'EADDRINUSE' ? 'is taken by another program' : `cannot be listened on (${code})`;
    throw new StartError(`port ${where.port} of ${where.host} ${why}; set ${setting}`, { cause: error });
  }
}
