package main

import (
	"bytes"
	"fmt"
	"image/png"
	"io"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	"github.com/mdp/qrterminal/v3"
)

// maxQRSide bounds the picture that is decoded, in pixels.
const maxQRSide = 4096

// readQR reads the text of the QR code in a PNG.
func readQR(picture []byte) (string, error) {
	size, err := png.DecodeConfig(bytes.NewReader(picture))
	if err != nil {
		return "", fmt.Errorf("read picture: %w", err)
	}
	if size.Width > maxQRSide || size.Height > maxQRSide {
		return "", fmt.Errorf("the picture is %d x %d, more than %d", size.Width, size.Height, maxQRSide)
	}
	img, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		return "", fmt.Errorf("read picture: %w", err)
	}
	bitmap, err := gozxing.NewBinaryBitmapFromImage(img)
	if err != nil {
		return "", fmt.Errorf("read picture: %w", err)
	}
	hints := map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true}
	result, err := qrcode.NewQRCodeReader().Decode(bitmap, hints)
	if err != nil {
		return "", fmt.Errorf("find the code: %w", err)
	}
	return result.GetText(), nil
}

// drawQR draws text as a QR code in half blocks, so that a phone can scan it from the terminal.
func drawQR(w io.Writer, text string) {
	qrterminal.GenerateWithConfig(text, qrterminal.Config{
		Level: qrterminal.L, Writer: w, HalfBlocks: true, QuietZone: 2,
		BlackChar: qrterminal.BLACK_BLACK, WhiteChar: qrterminal.WHITE_WHITE,
		BlackWhiteChar: qrterminal.BLACK_WHITE, WhiteBlackChar: qrterminal.WHITE_BLACK,
	})
}
