# shellcheck shell=bash
# Sourced by install: the one place that knows Linux distributions apart. The product runs on Amazon Linux 2023 (dnf);
# Debian (apt) is where the host is proven, with packages named amazon-cloudwatch-agent and amazon-efs-utils in its sources.

distribution() {
  # shellcheck source=/dev/null
  (source /etc/os-release && echo "$ID")
}

# Installs what is not there yet, so that a baked image needs no package repository at boot.
install_packages() {
  local package missing=()
  case "$(distribution)" in
    amzn)
      for package in amazon-cloudwatch-agent amazon-efs-utils awscli-2 diffutils nginx python3.13 python3.13-pip unzip xfsprogs; do
        rpm --query --quiet "$package" || missing+=("$package")
      done
      [[ ${#missing[@]} -eq 0 ]] || dnf install --assumeyes --quiet --setopt=install_weak_deps=False "${missing[@]}"
      ;;
    debian | ubuntu)
      for package in amazon-cloudwatch-agent amazon-efs-utils awscli nginx-light python3.13 python3.13-venv unzip curl ca-certificates xfsprogs; do
        dpkg-query --show --showformat '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
      done
      [[ ${#missing[@]} -eq 0 ]] || {
        apt-get update --quiet
        DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends "${missing[@]}"
      }
      ;;
    *)
      fail "/etc/os-release says ID=$(distribution): Amazon Linux 2023 is wanted (Debian and Ubuntu work too)"
      ;;
  esac
}
