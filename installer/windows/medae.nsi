; Installer for Windows, for one user and without administrator's rights. Not tested here: see README.md.
;   makensis -DVERSION=0.1.0 -DPAYLOAD=..\work\dist\medae -DOUT=..\out\medae-0.1.0-windows-x64.exe medae.nsi
Unicode true
ManifestDPIAware true
!include "MUI2.nsh"

!ifndef VERSION
  !error "Name the version: -DVERSION=0.1.0"
!endif
!ifndef PAYLOAD
  !error "Name the folder that PyInstaller has made: -DPAYLOAD=..."
!endif
!ifndef OUT
  !define OUT "medae-${VERSION}-windows-x64.exe"
!endif
!define REMOVAL "Software\Microsoft\Windows\CurrentVersion\Uninstall\MedAE"

Name "MedAE"
OutFile "${OUT}"
InstallDir "$LOCALAPPDATA\Programs\MedAE"
InstallDirRegKey HKCU "Software\MedAE" "InstallDir"
RequestExecutionLevel user
SetCompressor /SOLID lzma
VIProductVersion "${VERSION}.0"
VIAddVersionKey "ProductName" "MedAE"
VIAddVersionKey "ProductVersion" "${VERSION}"
VIAddVersionKey "FileVersion" "${VERSION}"
VIAddVersionKey "FileDescription" "MedAE installer"
VIAddVersionKey "LegalCopyright" "The MedAE authors, Apache License 2.0"

!insertmacro MUI_PAGE_WELCOME
!insertmacro MUI_PAGE_LICENSE "..\..\LICENSE"
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!define MUI_FINISHPAGE_RUN "$INSTDIR\medae-window.exe"
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"

; Offers MedAE in "Open with" for an extension; what opens it by default stays as it is.
!macro OpenWith EXTENSION
  WriteRegStr HKCU "Software\Classes\${EXTENSION}\OpenWithProgids" "MedAE.Image" ""
!macroend
!macro NoOpenWith EXTENSION
  DeleteRegValue HKCU "Software\Classes\${EXTENSION}\OpenWithProgids" "MedAE.Image"
!macroend

Section "MedAE"
  ; A payload of another version must not be mixed with this one.
  RMDir /r "$INSTDIR\_internal"
  SetOutPath "$INSTDIR"
  File /r "${PAYLOAD}/*.*"
  CreateShortcut "$SMPROGRAMS\MedAE.lnk" "$INSTDIR\medae-window.exe"
  WriteRegStr HKCU "Software\MedAE" "InstallDir" "$INSTDIR"
  WriteRegStr HKCU "Software\Classes\MedAE.Image" "" "Medical image"
  WriteRegStr HKCU "Software\Classes\MedAE.Image\DefaultIcon" "" "$INSTDIR\medae-window.exe,0"
  WriteRegStr HKCU "Software\Classes\MedAE.Image\shell\open\command" "" '"$INSTDIR\medae-window.exe" open "%1"'
  WriteRegStr HKCU "Software\Classes\Directory\shell\MedAE" "" "Open with MedAE"
  WriteRegStr HKCU "Software\Classes\Directory\shell\MedAE\command" "" '"$INSTDIR\medae-window.exe" open "%1"'
  !insertmacro OpenWith ".dcm"
  !insertmacro OpenWith ".dicom"
  !insertmacro OpenWith ".ima"
  !insertmacro OpenWith ".nii"
  !insertmacro OpenWith ".gz"
  !insertmacro OpenWith ".nrrd"
  !insertmacro OpenWith ".nhdr"
  !insertmacro OpenWith ".mha"
  !insertmacro OpenWith ".mhd"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  WriteRegStr HKCU "${REMOVAL}" "DisplayName" "MedAE"
  WriteRegStr HKCU "${REMOVAL}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKCU "${REMOVAL}" "Publisher" "The MedAE authors"
  WriteRegStr HKCU "${REMOVAL}" "DisplayIcon" "$INSTDIR\medae-window.exe"
  WriteRegStr HKCU "${REMOVAL}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKCU "${REMOVAL}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
SectionEnd

Section "Uninstall"
  ; Only what was installed here: the folder may have been chosen badly.
  RMDir /r "$INSTDIR\_internal"
  RMDir /r "$INSTDIR\licences"
  Delete "$INSTDIR\medae.exe"
  Delete "$INSTDIR\medae-window.exe"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"
  Delete "$SMPROGRAMS\MedAE.lnk"
  !insertmacro NoOpenWith ".dcm"
  !insertmacro NoOpenWith ".dicom"
  !insertmacro NoOpenWith ".ima"
  !insertmacro NoOpenWith ".nii"
  !insertmacro NoOpenWith ".gz"
  !insertmacro NoOpenWith ".nrrd"
  !insertmacro NoOpenWith ".nhdr"
  !insertmacro NoOpenWith ".mha"
  !insertmacro NoOpenWith ".mhd"
  DeleteRegKey HKCU "Software\Classes\MedAE.Image"
  DeleteRegKey HKCU "Software\Classes\Directory\shell\MedAE"
  DeleteRegKey HKCU "${REMOVAL}"
  DeleteRegKey HKCU "Software\MedAE"
SectionEnd
