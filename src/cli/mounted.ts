/**
 * What is mounted on this host, without touching any mount.
 */
export interface Mounted { readonly store: string; readonly mountpoint: string }
export function allMounts(): Mounted[] { return []; }
export function mountedStore(_p: string): Mounted | undefined { return undefined; }
export function mountpointPath(p: string): string { return p; }
export async function unmountCommand(_m: string, _l: boolean): Promise<void> {}
export async function checkMountpoint(_m: string, _d: string): Promise<void> {}
