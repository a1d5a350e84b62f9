# Debian 13 base disk + provisioning bundle -> worker image (local target).

locals {
  # TCG of QEMU 7.2 dies in 6.12 kernels with cmpxchg16b, hence -cx16; five-level paging costs time.
  cpu = var.accelerator == "kvm" ? "host" : "max,-cx16,-la57"

  # systemd writes this credential to root's authorized_keys, so that the base needs no build user.
  # https://www.freedesktop.org/software/systemd/man/latest/systemd.system-credentials.html
  ssh_credential = "io.systemd.credential.binary:ssh.authorized_keys.root=${base64encode(var.ssh_public_key)}"
}

source "qemu" "worker" {
  disk_image   = true
  iso_url      = var.base_image
  iso_checksum = "sha256:${var.base_sha256}"

  output_directory = var.output_folder
  vm_name          = var.name
  format           = "qcow2"
  disk_size        = "${var.volume_size_gib}G"
  skip_compaction  = true

  accelerator  = var.accelerator
  machine_type = "q35"
  cpus         = 2
  memory       = 2048
  headless     = true
  boot_wait    = "-1s"

  http_directory = var.bundle_folder

  qemuargs = [
    ["-cpu", local.cpu],
    ["-display", "none"],
    ["-serial", "file:${var.serial_log}"],
    ["-smbios", "type=11,value=${local.ssh_credential}"],
    # NVMe as on Nitro: the base has no initrd, and the kernel has no other disk driver built in.
    ["-drive", "file=${var.output_folder}/${var.name},if=none,id=root,format=qcow2,cache=unsafe,discard=unmap,detect-zeroes=unmap"],
    ["-device", "nvme,drive=root,serial=root"],
    ["-device", "virtio-net-pci,netdev=user.0,romfile="],
    ["-device", "virtio-rng-pci"],
    # Loopback only: the default forwards the SSH port of every interface of the host.
    ["-netdev", "user,id=user.0,ipv6=off,hostfwd=tcp:127.0.0.1:{{ .SSHHostPort }}-:22"],
  ]

  communicator         = "ssh"
  ssh_username         = "root"
  ssh_private_key_file = var.ssh_private_key_file
  ssh_timeout          = "8m"

  shutdown_command = "systemctl poweroff"
  shutdown_timeout = "3m"
}

build {
  sources = ["source.qemu.worker"]

  # The bundle lies in memory while it is used: the disk gets its contents and nothing else.
  provisioner "shell" {
    inline_shebang = "/bin/sh -eu"
    inline = [
      "mount -t tmpfs -o size=1200M,mode=700 bundle /mnt",
      "cd /mnt",
      "curl --silent --show-error --fail --max-time 300 --output bundle.tar http://${build.PackerHTTPAddr}/bundle.tar",
      "echo '${var.bundle_sha256}  bundle.tar' | sha256sum --check --quiet",
      "tar --extract --file bundle.tar",
      "rm bundle.tar",
      "for step in provision/[0-9]*.sh; do echo \"groundup: $(basename $step .sh)\"; $step; done",
      "mkdir -p report",
      "dpkg-query --show --showformat '$${Package}\\t$${Version}\\n' > report/packages.tsv",
      "fstrim /",
      "df --block-size=1 --output=size,used / | tail -n 1 > report/disk.txt",
    ]
  }

  provisioner "file" {
    direction   = "download"
    sources     = ["/mnt/report/packages.tsv", "/mnt/report/disk.txt"]
    destination = "${var.report_folder}/"
  }
}
