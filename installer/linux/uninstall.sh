#!/bin/sh
# Remove what install.sh has installed. Settings and models of the user stay.
set -eu
prefix=$${MEDAE_PREFIX:-$$HOME/.local}
rm -f "$$prefix/bin/medae" "$$prefix/share/applications/medae.desktop" "$$prefix/share/mime/packages/medae.xml" \
    "$$prefix/share/metainfo/org.medae.medae.metainfo.xml" "$$prefix/share/man/man1/medae.1.gz" \
    "$$prefix"/share/icons/hicolor/*/apps/medae.*
for update in "update-mime-database $$prefix/share/mime" "update-desktop-database $$prefix/share/applications"; do
    command -v "$${update%% *}" >/dev/null 2>&1 && "$${update%% *}" "$${update#* }" || true
done
rm -rf "$$prefix/opt/medae"
echo "MedAE is removed."
