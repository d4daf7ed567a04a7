;; A command that needs an interface which no host provides: loading it must name the interface and its version.
;; With `maker` supplied by the caller it runs: it makes a widget of size 7 and fails unless the answer is 7.
(component
  (import "acme:widgets/maker@1.2.0" (instance $maker
    (export "make" (func (param "size" u32) (result u32)))))
  (core func $make (canon lower (func $maker "make")))
  (core module $main
    (import "host" "make" (func $make (param i32) (result i32)))
    (func (export "run") (result i32)
      (i32.ne (call $make (i32.const 7)) (i32.const 7))))
  (core instance $program (instantiate $main (with "host" (instance (export "make" (func $make))))))
  (func $run (result (result)) (canon lift (core func $program "run")))
  (instance $cli-run (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $cli-run)))
