// Where a data directory keeps what.
export interface DataPlaces {
  readonly path: string;
  readonly walDirectory: string;
  readonly storeDirectory: string;
}

export function placesIn(path: string): DataPlaces {
  return { path, walDirectory: join(path, "wal"), storeDirectory: join(path, "store") };
}

export function join(directory: string, name: string): string {
  return directory.endsWith("/") ? `${directory}${name}` : `${directory}/${name}`;
}
