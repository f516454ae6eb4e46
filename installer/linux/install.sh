#!/bin/sh
# Install MedAE for this user, without root: into ~/.local, or where MEDAE_PREFIX says.
set -eu
here=$$(cd "$$(dirname "$$0")" && pwd)
prefix=$${MEDAE_PREFIX:-$$HOME/.local}
target=$$prefix/opt/medae
mkdir -p "$$prefix/opt" "$$prefix/bin" "$$prefix/share"
if [ "$$here" != "$$target" ]; then
    rm -rf "$$target.new"
    cp -R "$$here" "$$target.new"
    rm -rf "$$target"
    mv "$$target.new" "$$target"
fi
ln -sf "$$target/medae" "$$prefix/bin/medae"
cp -R "$$target/share/." "$$prefix/share/"
# A desktop does not always search ~/.local/bin: the entry names the program in full.
program=$$(printf '%s' "$$target/medae" | sed 's/[\\"`$$]/\\&/g')
escaped=$$(printf '%s' "$$program" | sed 's/[\\&|]/\\&/g')
sed -e "s|^Exec=medae|Exec=\"$$escaped\"|" -e '/^TryExec=/d' "$$target/share/applications/medae.desktop" \
    >"$$prefix/share/applications/medae.desktop"
for update in "update-mime-database $$prefix/share/mime" "update-desktop-database $$prefix/share/applications"; do
    command -v "$${update%% *}" >/dev/null 2>&1 && "$${update%% *}" "$${update#* }" || true
done
echo "MedAE is in $$target; start it from the menu or with $$prefix/bin/medae"
echo "To remove it: $$target/uninstall.sh"
