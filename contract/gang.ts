/** What a container of a gang knows of the others. */
export interface GangPlace {
  rank: number;
  worldSize: number;
  masterAddress: string;
  masterPort: number;
  /** Docker network that the containers of the gang share, on one engine; `host` where they are on several. */
  network: string;
}
