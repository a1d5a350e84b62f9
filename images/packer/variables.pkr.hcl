variable "name" {
  type        = string
  description = "File name of the finished disk."
}

variable "base_image" {
  type        = string
  description = "Path of the Debian 13 base disk, qcow2."
}

variable "base_sha256" {
  type        = string
  description = "sha256 of base_image."
}

variable "bundle_folder" {
  type        = string
  description = "Folder that holds bundle.tar, served to the build machine over Packer's own HTTP server."
}

variable "bundle_sha256" {
  type        = string
  description = "sha256 of bundle.tar; the build machine checks it before it unpacks."
}

variable "output_folder" {
  type        = string
  description = "New folder for the disk; must not exist."
}

variable "ssh_private_key_file" {
  type        = string
  description = "Key of this build alone; its public half reaches the machine as a systemd credential."
}

variable "ssh_public_key" {
  type        = string
  description = "Public half of ssh_private_key_file, in OpenSSH form."
}

variable "volume_size_gib" {
  type        = number
  description = "Size of the root volume in GiB."
  validation {
    condition     = var.volume_size_gib >= 2
    error_message = "The root volume needs at least 2 GiB."
  }
}

variable "accelerator" {
  type        = string
  description = "kvm, or tcg where KVM does not work."
  default     = "tcg"
  validation {
    condition     = contains(["kvm", "tcg"], var.accelerator)
    error_message = "The accelerator is kvm or tcg."
  }
}

variable "serial_log" {
  type        = string
  description = "File that receives the machine's serial console."
}

variable "report_folder" {
  type        = string
  description = "Existing folder that receives the package list and the disk's use."
}
