/**
 * One mount: a Vfs, a session, a device.
 */
import type { Rendered } from '../../mount/rendered.ts';
import { FxError } from '../errors.ts';
import type { Store } from '../store/store.ts';
import type { MountRequest } from './mount-control.ts';
import type { ServedMount } from './mounts.ts';

export interface ServeMountOptions extends MountRequest {
  readonly rendered: Rendered;
  readonly store: string;
  readonly log: (text: string) => void;
}

export async function serveMount(_store: Store, _options: ServeMountOptions): Promise<ServedMount> {
  throw new FxError('NOT_SUPPORTED');
}
