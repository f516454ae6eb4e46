#!/bin/bash
# Sign, pack and notarise MedAE.app. Not tested here: see README.md.
set -euo pipefail
application=${1:?Developer ID Application} installer=${2:?Developer ID Installer} profile=${3:?notarytool profile}
here=$(cd "$(dirname "$0")" && pwd)
app=$here/../work/dist/MedAE.app
out=$here/../out
mkdir -p "$out"

# From the inside out: libraries first, the app last. --deep would sign in the wrong order.
find "$app/Contents" -type f \( -name '*.dylib' -o -name '*.so' -o -perm -111 \) -print0 |
    xargs -0 -n 20 codesign --force --options runtime --timestamp --sign "$application"
codesign --force --options runtime --timestamp --entitlements "$here/entitlements.plist" --sign "$application" "$app"
codesign --verify --strict --verbose=2 "$app"

version=$(/usr/libexec/PlistBuddy -c 'Print CFBundleShortVersionString' "$app/Contents/Info.plist")
dmg=$out/MedAE-$version.dmg pkg=$out/MedAE-$version.pkg
hdiutil create -volname MedAE -srcfolder "$app" -ov -format ULFO "$dmg"
codesign --force --timestamp --sign "$application" "$dmg"
productbuild --component "$app" /Applications --sign "$installer" "$pkg"
for file in "$dmg" "$pkg"; do
    xcrun notarytool submit "$file" --keychain-profile "$profile" --wait
    xcrun stapler staple "$file"
done
