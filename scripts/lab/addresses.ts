// The lab's VPC as one table: the seed's subnet, and who has which address in it.

export const vpc = {
  region: 'eu-central-1',
  availabilityZone: 'eu-central-1a',
  vpcCidr: '172.31.0.0/16',
  subnetCidr: '172.31.0.0/24',
  subnetPrefix: 24,
  /** Not Ethernet's 1500, as on EC2, so that who guesses is found out. */
  mtuBytes: 1460,
  router: '172.31.0.1',
  dns: '172.31.0.2',
  secretsManager: '172.31.0.5',
  registry: '172.31.0.6',
  registryPort: 5000,
  autoscaling: '172.31.0.7',
  apiServer: '172.31.0.10',
  apiServerPort: 6443,
  metadata: '169.254.169.254',
  serviceCidr: '10.32.0.0/24',
  /** Of the ranges that the controller manager gives to nodes. */
  clusterCidr: '10.200.0.0/16',
  firstServiceAddress: '10.32.0.1',
  roleName: 'groundup-worker',
  bridge: 'vpc0',
} as const;

export const apiServerUrl = `https://${vpc.apiServer}:${vpc.apiServerPort}`;
export const secretsManagerHost = `secretsmanager.${vpc.region}.amazonaws.com`;
export const autoscalingHost = `autoscaling.${vpc.region}.amazonaws.com`;
export const registryHost = `${vpc.registry}:${vpc.registryPort}`;

/** Workers are 172.31.0.20 to .39, as in the seed. */
export const workersMax = 20;

/** How many workers have prefixes, and how many each. */
export const prefixWorkersMax = 4;
export const prefixesMax = 3;

export interface WorkerAddresses {
  index: number;
  /** `worker-0` */
  name: string;
  /** `ip-172-31-0-20`: the node's name, from the certificate. */
  nodeName: string;
  address: string;
  podCidr: string;
  /** Ranges of the interface that an instance may have instead, each a /28; not side by side. */
  prefixes: readonly string[];
  mac: string;
  tap: string;
  instanceId: string;
  /** SMBIOS uuid; EC2's begin with ec2. */
  uuid: string;
}

const hex = (value: number, width: number): string => value.toString(16).padStart(width, '0');

/** The upper three quarters of the subnet, for the first four workers. */
const prefixesOf = (index: number): string[] =>
  index >= prefixWorkersMax
    ? []
    : [64, 128, 192].map((first) => `172.31.0.${first + index * 16}/28`);

/** Everything about worker `index` that follows from its number. */
export const workerAddresses = (index: number): WorkerAddresses => {
  const host = 20 + index;
  return {
    index,
    name: `worker-${index}`,
    nodeName: `ip-172-31-0-${host}`,
    address: `172.31.0.${host}`,
    podCidr: `172.20.${index}.0/24`,
    prefixes: prefixesOf(index),
    mac: `0e:49:61:0f:c3:${hex(host, 2)}`,
    tap: `tap${index}`,
    instanceId: `i-0123456789abc${hex(host, 4)}`,
    uuid: `ec2e1916-9099-7caf-fd21-012345${hex(0xabcd00 + host, 6)}`,
  };
};
