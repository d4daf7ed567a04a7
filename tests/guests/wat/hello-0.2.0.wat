;; The smallest command: it prints one line with the oldest 0.2 interfaces and nothing else. A test that wants another
;; release of WASI 0.2 replaces "@0.2.0" in this text and assembles it.
(component
  (import "wasi:io/error@0.2.0" (instance $io-error (export "error" (type (sub resource)))))
  (alias export $io-error "error" (type $error))

  (import "wasi:io/streams@0.2.0" (instance $streams
    (alias outer 1 $error (type $error'))
    (export "error" (type $e (eq $error')))
    (export "output-stream" (type $stream (sub resource)))
    (type $failure (variant (case "last-operation-failed" (own $e)) (case "closed")))
    (export "stream-error" (type $stream-error (eq $failure)))
    (export "[method]output-stream.blocking-write-and-flush"
      (func (param "self" (borrow $stream)) (param "contents" (list u8)) (result (result (error $stream-error)))))))
  (alias export $streams "output-stream" (type $output-stream))

  (import "wasi:cli/stdout@0.2.0" (instance $stdout
    (alias outer 1 $output-stream (type $output-stream'))
    (export "output-stream" (type $stream (eq $output-stream')))
    (export "get-stdout" (func (result (own $stream))))))

  (core module $memory
    (memory (export "memory") 1)
    (data (i32.const 16) "hello from wasi 0.2.0\n"))
  (core instance $mem (instantiate $memory))

  (core func $get-stdout (canon lower (func $stdout "get-stdout")))
  (core func $write
    (canon lower (func $streams "[method]output-stream.blocking-write-and-flush") (memory $mem "memory")))
  (core func $drop (canon resource.drop $output-stream))

  (core module $main
    (import "host" "get-stdout" (func $get-stdout (result i32)))
    (import "host" "write" (func $write (param i32 i32 i32 i32)))
    (import "host" "drop" (func $drop (param i32)))
    (import "mem" "memory" (memory 1))
    (func (export "run") (result i32)
      (local $out i32)
      (local.set $out (call $get-stdout))
      (call $write (local.get $out) (i32.const 16) (i32.const 22) (i32.const 64))
      (call $drop (local.get $out))
      ;; The discriminant of the write's result is that of run's result: 0 for ok, 1 for err.
      (i32.load8_u (i32.const 64))))
  (core instance $program (instantiate $main
    (with "host" (instance
      (export "get-stdout" (func $get-stdout))
      (export "write" (func $write))
      (export "drop" (func $drop))))
    (with "mem" (instance $mem))))

  (func $run (result (result)) (canon lift (core func $program "run")))
  (instance $cli-run (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $cli-run)))
